/** The front door of lifecycle: the XState machines as data, without effects, and the way to start one on the host's clock. */
export * from './start-actor.ts';
export * from './component.ts';
export * from './machine.ts';
export * from './pod.ts';
export * from './container.ts';
export * from './etcd-member.ts';
export * from './lesson.ts';
