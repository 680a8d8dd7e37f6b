/** The front door of etcd. */
export { StateMachine } from './state-machine.ts';
export { encodeState, decodeState } from './state-image.ts';
