/** The second front door of etcd: a client of its port 2379, for API servers and etcdctl. */
export { createEtcdClient, type EtcdCallOptions, type EtcdClient, type EtcdClientOptions } from './etcd-client.ts';
export type { Credentials } from './login.ts';
export { NotSentError, type EndpointSettings } from './endpoints.ts';
export type { EtcdWatch, WatchOptions } from './watch.ts';
export type { LeaseKeeper } from './lease-keeper.ts';
