/** The front door of kubelet: its program. */
export { kubelet } from './kubelet.ts';
export { KUBELET_VERSION } from './node-status.ts';
export { readSettings, type KubeletSettings } from './configuration.ts';
