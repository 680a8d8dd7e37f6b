// The API: every kind of the cluster in the order a teacher would choose, lookups over them, and what is done to objects by kind.
export * from './kind.ts';
export type * from './types.ts';
export * from './registry.ts';
export * from './decode.ts';
export { decodeProtobuf } from './schema/protobuf.ts';
export * from './strategy.ts';
export { tableOf } from './tables.ts';
export { nodeAddress, nodeRoles } from './core/node.ts';
export { podSummary, type PodSummary } from './core/pod-columns.ts';
export { defaultPodSpec, defaultPullPolicy } from './core/pod-defaults.ts';
export { isPodTerminal, podQosClass } from './core/pod-qos.ts';
export { addUsage, isInScope, missingAmounts, usageOf, usageUnder, type Usage } from './core/quota-usage.ts';
export { nextTime, parseSchedule, type Schedule } from './batch/schedule.ts';
export { defaultClassAnnotation, isDefaultClass } from './storage/storageclass.ts';
export { highestUserPriority, systemPriorityClasses } from './scheduling/priorityclass.ts';
export { rbacGroup } from './rbac/rules.ts';
export { schemaNamed } from './schema/compile.ts';
export type { ScalarType, SchemaNode } from './schema/schema-node.ts';
