/** The front door of cluster: composition. What runs on each kind of machine, and the machine's answer to the lab. */
export { takeBatch, type MachineControl } from './start-machine.ts';
export { startNode } from './start-node.ts';
export { startWorkerNode } from './start-worker-node.ts';
export { startWorkstation } from './start-workstation.ts';
export { KUBERNETES_VERSION, type Provisioning } from './provisioning.ts';
