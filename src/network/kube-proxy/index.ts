/** kube-proxy's parts: the program, and its planning for whoever shows or tests it. */
export { kubeProxy } from './proxy.ts';
export { isProxied, planServiceRules, rulesOfPort } from './rules.ts';
