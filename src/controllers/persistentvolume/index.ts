/** The controllers of storage: binding, provisioning and protection of volumes and claims. */
export { persistentVolumeBinder } from './binder.ts';
export { localPathProvisioner } from './local-path.ts';
export { claimProtection, volumeProtection } from './protection.ts';
