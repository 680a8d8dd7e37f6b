/** The front door of network: what makes Service addresses work on a node. */
export { kubeProxy, planServiceRules } from './kube-proxy/index.ts';
export { bridgeNetwork, nodeNetwork } from './cni/index.ts';
export { loadBalancer } from './load-balancer.ts';
export { coreDns } from './dns/coredns.ts';
