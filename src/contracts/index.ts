/** The front door of contracts: every wire of the cluster, types only. */
export type * as etcd from './etcd.ts';
export type * as raftPeer from './raft-peer.ts';
export type * as cri from './cri.ts';
export type * as kubelet from './kubelet.ts';
export type * as management from './management.ts';
export type * as workstation from './workstation.ts';
export type * as ports from './ports.ts';
