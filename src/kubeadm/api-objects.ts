/** Constructors of the few kinds of objects kubeadm creates. */
import type { KubeObject } from '#apimachinery';

/** An API object with whatever fields its kind has. */
export type ApiObject = KubeObject & { readonly [field: string]: unknown };

const RBAC = 'rbac.authorization.k8s.io/v1';
const SYSTEM = 'kube-system';

/** A ConfigMap. */
export const configMap = (
  name: string,
  namespace: string,
  data: Readonly<Record<string, string>>,
  labels?: Readonly<Record<string, string>>,
): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(labels ? { labels: { ...labels } } : {}) },
  data,
});
/** A ClusterRoleBinding to a ClusterRole. */
export const clusterRoleBinding = (name: string, role: string, subjects: readonly object[]): ApiObject => ({
  apiVersion: RBAC,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects,
});
/** The subject of a group. */
export const group = (name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name });
/** The subject of a service account. */
export const serviceAccount = (name: string, namespace = SYSTEM): object => ({ kind: 'ServiceAccount', name, namespace });
