/**
 * NodeRestriction: what a kubelet may write is limited to its own Node, the pods bound to it, tokens of service accounts its
 * pods use, and its own lease.
 */
import { kindByGroupKind, storageKey, type Node, type Pod } from '#api';
import { deepEqual, type KubeObject } from '#apimachinery';
import { nodeOf } from '../authorization/node.ts';
import type { Core } from '../core.ts';
import { refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** Labels a kubelet may set on itself within the reserved domains. */
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
]);

function isForbiddenLabel(label: string): boolean {
  const prefix = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  if (prefix === 'node-restriction.kubernetes.io' || prefix.endsWith('.node-restriction.kubernetes.io')) return true;
  const isReserved = ['kubernetes.io', 'k8s.io'].some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
  if (!isReserved || kubeletLabels.has(label)) return false;
  return !['kubelet.kubernetes.io', 'node.kubernetes.io'].some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}

async function stored(core: Core, kindName: string, namespace: string, name: string): Promise<KubeObject | undefined> {
  const kind = kindByGroupKind('', kindName);
  if (!kind) return undefined;
  const key = storageKey(kind, name, namespace);
  return core.caches.of(kind).get(key)?.object ?? (await core.store.get(kind, key))?.object;
}

function validatePod(attributes: AdmissionAttributes, node: string): void {
  if (attributes.operation === 'CREATE') {
    const pod = attributes.object as Pod;
    if (pod.metadata.annotations?.[mirrorAnnotation] === undefined)
      throw refuse(attributes, `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`);
    if (pod.spec?.nodeName !== node) throw refuse(attributes, `node "${node}" can only create pods with spec.nodeName set to itself`);
    const owners = pod.metadata.ownerReferences ?? [];
    if (owners.length > 1) throw refuse(attributes, `node "${node}" can only create pods with a single owner reference set to itself`);
    const owner = owners[0];
    if (owner && (owner.kind !== 'Node' || owner.name !== node))
      throw refuse(attributes, `node "${node}" can only create pods with an owner reference set to itself`);
    return;
  }
  const old = attributes.old as Pod | undefined;
  if (attributes.operation === 'DELETE') {
    if (old && old.spec?.nodeName !== node)
      throw refuse(attributes, `node "${node}" can only delete pods with spec.nodeName set to itself`);
    return;
  }
  if (attributes.subresource !== 'status') throw refuse(attributes, `node "${node}" can only update pod status`);
  if (old?.spec?.nodeName !== node)
    throw refuse(attributes, `node "${node}" can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(old.metadata.labels ?? {}, (attributes.object as Pod).metadata.labels ?? {}))
    throw refuse(attributes, `node "${node}" cannot update labels through pod status`);
}

function validateNode(attributes: AdmissionAttributes, node: string): void {
  if (attributes.name && attributes.name !== node)
    throw refuse(attributes, `node "${node}" is not allowed to modify node "${attributes.name}"`);
  if (attributes.operation === 'DELETE') return;
  const wanted = attributes.object as Node;
  const old = attributes.old as Node | undefined;
  if (wanted.metadata.name && wanted.metadata.name !== node)
    throw refuse(attributes, `node "${node}" is not allowed to modify node "${wanted.metadata.name}"`);
  if (attributes.operation === 'UPDATE' && !deepEqual(wanted.spec?.taints ?? [], old?.spec?.taints ?? []))
    throw refuse(attributes, `node "${node}" is not allowed to modify taints`);
  const labels = new Set([...Object.keys(wanted.metadata.labels ?? {}), ...Object.keys(old?.metadata.labels ?? {})]);
  const changed = [...labels]
    .filter((label) => wanted.metadata.labels?.[label] !== old?.metadata.labels?.[label] && isForbiddenLabel(label))
    .sort();
  if (changed.length === 0) return;
  const verb = attributes.operation === 'CREATE' ? 'set' : 'modify';
  throw refuse(attributes, `is not allowed to ${verb} the following labels: ${changed.join(', ')}`);
}

async function validateToken(attributes: AdmissionAttributes, node: string, core: Core): Promise<void> {
  const reference = (attributes.object as unknown as { spec?: { boundObjectRef?: { kind?: string; name?: string; uid?: string } } }).spec
    ?.boundObjectRef;
  if (reference?.kind !== 'Pod' || !reference.name) throw refuse(attributes, `node requested token not bound to a pod`);
  if (!reference.uid) throw refuse(attributes, 'node requested token with a pod binding without a uid');
  const pod = (await stored(core, 'Pod', attributes.namespace, reference.name)) as Pod | undefined;
  if (!pod) throw refuse(attributes, `pod "${reference.name}" not found`);
  if (pod.metadata.uid !== reference.uid)
    throw refuse(
      attributes,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec?.nodeName !== node) throw refuse(attributes, 'node requested token bound to a pod scheduled on a different node');
}

/** The plugin. */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  async validate(attributes, core) {
    const node = nodeOf(attributes.user);
    if (!node) return;
    const { group, plural } = attributes.kind;
    if (group === '' && plural === 'pods') {
      if (attributes.subresource === '' || attributes.subresource === 'status') return validatePod(attributes, node);
      if (attributes.subresource !== 'eviction')
        throw refuse(attributes, `unexpected pod subresource "${attributes.subresource}", only 'status' and 'eviction' are allowed`);
      const pod = (await stored(core, 'Pod', attributes.namespace, attributes.name)) as Pod | undefined;
      if (pod?.spec?.nodeName !== node) throw refuse(attributes, `node "${node}" can only evict pods with spec.nodeName set to itself`);
    } else if (group === '' && plural === 'nodes') validateNode(attributes, node);
    else if (group === '' && plural === 'serviceaccounts' && attributes.subresource === 'token')
      await validateToken(attributes, node, core);
    else if (group === 'coordination.k8s.io' && plural === 'leases') {
      const name = attributes.object?.metadata.name ?? attributes.name;
      if (name !== node) throw refuse(attributes, `can only access node lease with the same name as the requesting node`);
    }
  },
};
