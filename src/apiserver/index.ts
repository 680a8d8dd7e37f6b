/** kube-apiserver: the only one that talks to etcd, and the only place where components meet. */
export { createApiServer, type ApiServer } from './server.ts';
export type { ApiServerOptions, KubeletConnector, User } from './core.ts';
export { defaultConfig, type ApiServerConfig, type StaticToken } from './config.ts';
export type { Etcd, EtcdWatch, EtcdWatchListener } from './store/etcd.ts';
export { kubeApiserver } from './program.ts';
