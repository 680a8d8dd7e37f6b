/** The front door of etcdctl: the program, and how snapshots' figures are printed. */
export { etcdctl } from './etcdctl.ts';
export { printerOf, type DatabaseStatus } from './printers/index.ts';
