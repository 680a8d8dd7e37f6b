/** Descriptions by `group/Kind`; other kinds get the generic one. */
import type { KubeObject } from '#apimachinery';
import {
  describeAnything,
  describeConfigMap,
  describeDeployment,
  describeNamespace,
  describeRole,
  describeRoleBinding,
  describeSecret,
  describeService,
  describeServiceAccount,
} from './core.ts';
import type { Description } from './description.ts';
import { describeNode } from './node.ts';
import { describePod } from './pod.ts';

/** The description of a kind. */
export function descriptionOf(group: string, kind: string): Description {
  const known: Readonly<Record<string, Description<never>>> = {
    '/Pod': describePod,
    '/Node': describeNode,
    '/Namespace': describeNamespace,
    '/Service': describeService,
    '/ConfigMap': describeConfigMap,
    '/Secret': describeSecret,
    '/ServiceAccount': describeServiceAccount,
    'apps/Deployment': describeDeployment,
    'rbac.authorization.k8s.io/Role': describeRole,
    'rbac.authorization.k8s.io/ClusterRole': describeRole,
    'rbac.authorization.k8s.io/RoleBinding': describeRoleBinding,
    'rbac.authorization.k8s.io/ClusterRoleBinding': describeRoleBinding,
  };
  return (known[`${group}/${kind}`] as Description<KubeObject> | undefined) ?? describeAnything;
}
