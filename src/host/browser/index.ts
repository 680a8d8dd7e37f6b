/** The front door of the browser's host: machines in workers, IndexedDB disks, links over MessagePorts, and the keeper of time. */
export * from './browser-machine.ts';
export * from './data-centre.ts';
export { databaseName, openIndexedDbDisk, type BrowserDiskFault } from './indexeddb-disk.ts';
export * from './time-keeper.ts';
export { claimCluster, type Ownership } from './ownership.ts';
