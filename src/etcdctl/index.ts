/** The front door of etcdctl: the program, etcd's load generator beside it, and how snapshots' figures are printed. */
export { benchmark } from './benchmark.ts';
export { etcdctl } from './etcdctl.ts';
export { printerOf, type DatabaseStatus } from './printers/index.ts';
