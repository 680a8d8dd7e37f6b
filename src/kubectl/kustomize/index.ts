// kustomize as kubectl has it built in: `kubectl kustomize` and -k.
export { buildKustomization } from './build.ts';
