/** The front door of the lab: createLab and the public contract. */
export { createLab } from './create-lab.ts';
export { InvalidSpecError, type LabOptions } from './lab-options.ts';
export {
  DEFAULT_SPEC,
  MAX_MACHINES,
  noticesOf,
  planAddition,
  planMachines,
  whyNotAdded,
  whySpecInvalid,
  type AddedMachine,
  type PlannedMachine,
} from './cluster-spec.ts';
export { memoryStore, type LabStore, type StoredLab, type StoredMachine } from './lab-store.ts';
export type {
  ClusterSpec,
  ComponentInfo,
  ConnectOptions,
  DiskFault,
  Lab,
  LabConnection,
  LabEvents,
  LabFault,
  MachineInfo,
  MachineRole,
  RunOptions,
  RunOutput,
  TerminalSession,
} from './lab.ts';
export { quorumOf, survives, type TopologyFacts } from './topology.ts';
