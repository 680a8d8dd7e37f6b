/** The front door of etcd: the program, and the pure parts that tests and tools look into. */
export { etcd } from './program.ts';
export { etcdutl, type StatusText } from './etcdutl.ts';
export { restoreSnapshot, snapshotStatus, type Restored, type RestoreOptions, type RestoreParts, type SnapshotStatus } from './restore.ts';
