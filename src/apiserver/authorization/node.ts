/**
 * The Node authorizer: a kubelet may read what its own pods name, its own Node, its own pods and its own lease, and little
 * else. What its pods name is read from the pod cache by node.
 */
import { kindByGroupKind, type Kind, type Pod } from '#api';
import type { User } from '../core.ts';
import type { WatchCaches } from '../watch-cache/caches.ts';
import type { Attributes, Decision } from './attributes.ts';
import { nodeRules } from '../bootstrap/node-rules.ts';
import { ruleAllows } from './rules.ts';

const nodePrefix = 'system:node:';

/** The node a user is the kubelet of; '' for everybody else. */
export function nodeOf(user: User): string {
  return user.groups.includes('system:nodes') && user.name.startsWith(nodePrefix) ? user.name.slice(nodePrefix.length) : '';
}

const readVerbs: readonly string[] = ['get', 'list', 'watch'];
const allow: Decision = { allowed: true, reason: '' };
const deny = (reason: string): Decision => ({ allowed: false, reason });

/** Whether a pod names a Secret, ConfigMap or claim of its namespace. */
export function podNames(pod: Pod, resource: string, name: string): boolean {
  const { spec } = pod;
  if (!spec) return false;
  const volumes = spec.volumes ?? [];
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (resource === 'persistentvolumeclaims') return volumes.some((volume) => volume.persistentVolumeClaim?.claimName === name);
  if (resource === 'secrets') {
    return (
      (spec.imagePullSecrets ?? []).some((secret) => secret.name === name) ||
      volumes.some(
        (volume) => volume.secret?.secretName === name || (volume.projected?.sources ?? []).some((source) => source.secret?.name === name),
      ) ||
      containers.some(
        (container) =>
          (container.env ?? []).some((variable) => variable.valueFrom?.secretKeyRef?.name === name) ||
          (container.envFrom ?? []).some((source) => source.secretRef?.name === name),
      )
    );
  }
  return (
    volumes.some(
      (volume) => volume.configMap?.name === name || (volume.projected?.sources ?? []).some((source) => source.configMap?.name === name),
    ) ||
    containers.some(
      (container) =>
        (container.env ?? []).some((variable) => variable.valueFrom?.configMapKeyRef?.name === name) ||
        (container.envFrom ?? []).some((source) => source.configMapRef?.name === name),
    )
  );
}

function hasTerm(selector: string | undefined, field: string, value: string): boolean {
  return (selector ?? '').split(',').some((term) => term.trim() === `${field}=${value}` || term.trim() === `${field}==${value}`);
}

const authorizeNode = (node: string, { verb, subresource, name }: Attributes): Decision => {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : deny('');
  if (subresource) return deny('');
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allow;
  if (!readVerbs.includes(verb)) return deny('');
  if (name === node) return allow;
  return deny(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  );
};

const authorizeLease = (node: string, { namespace, name, verb, subresource }: Attributes): Decision => {
  if (subresource) return deny('');
  if (namespace !== 'kube-node-lease') return deny('can only access node leases in the "kube-node-lease" system namespace');
  return verb === 'create' || name === node ? allow : deny('can only access node lease with the same name as the requesting node');
};

/** The authorizer over the pod cache. */
export function createNodeAuthorizer(caches: WatchCaches): (attributes: Attributes) => Decision | undefined {
  const podKind = kindByGroupKind('', 'Pod') as Kind | undefined;
  const podsOf = (node: string): Pod[] =>
    podKind
      ? caches
          .of(podKind)
          .list({ nodeName: node })
          .map((version) => version.object as unknown as Pod)
      : [];

  const authorizeNamed = (node: string, attributes: Attributes): Decision => {
    const { verb, name, namespace, resource, subresource } = attributes;
    if (!readVerbs.includes(verb)) return deny(`can only get individual resources of this type`);
    if (subresource) return deny('cannot get subresource');
    if (!name) return deny('can only list/watch with a single name');
    const related = podsOf(node).some((pod) => pod.metadata.namespace === namespace && podNames(pod, resource, name));
    return related ? allow : deny(`no relationship found between node '${node}' and this object`);
  };
  const authorizePod = (node: string, attributes: Attributes): Decision => {
    const { verb, subresource, fieldSelector, namespace, name } = attributes;
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : deny('');
    if (subresource === 'eviction') return verb === 'create' ? allow : deny('');
    if (subresource) return deny('');
    if (verb === 'create' || verb === 'delete') return allow;
    if (verb === 'list' || verb === 'watch') {
      return hasTerm(fieldSelector, 'spec.nodeName', node) ? allow : deny('can only list/watch pods with spec.nodeName field selector');
    }
    if (verb !== 'get') return deny('');
    const isOwn = podsOf(node).some((pod) => pod.metadata.namespace === namespace && pod.metadata.name === name);
    return isOwn ? allow : deny(`no relationship found between node '${node}' and this object`);
  };
  const authorizeToken = (node: string, { verb, namespace, name }: Attributes): Decision => {
    if (verb !== 'create') return deny('can only create tokens for individual service accounts');
    const uses = podsOf(node).some((pod) => pod.metadata.namespace === namespace && (pod.spec?.serviceAccountName ?? 'default') === name);
    return uses ? allow : deny(`no relationship found between node '${node}' and this object`);
  };
  return (attributes) => {
    const node = nodeOf(attributes.user);
    if (!node) return undefined;
    if (attributes.isResource) {
      const { group, resource, subresource } = attributes;
      if (group === '') {
        if (resource === 'secrets' || resource === 'configmaps' || resource === 'persistentvolumeclaims')
          return authorizeNamed(node, attributes);
        if (resource === 'nodes') return authorizeNode(node, attributes);
        if (resource === 'pods') return authorizePod(node, attributes);
        if (resource === 'serviceaccounts' && subresource === 'token') return authorizeToken(node, attributes);
      }
      if (group === 'coordination.k8s.io' && resource === 'leases') return authorizeLease(node, attributes);
    }
    return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? allow : deny('');
  };
}
