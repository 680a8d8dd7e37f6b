// Node: a machine that runs pods (registry/core/node); its columns are those of the server's node printer.
import {
  duplicate,
  invalid,
  path,
  required,
  isQualifiedName,
  isValidLabelValue,
  notSupported,
  isValidCidr,
  semanticEqual,
  forbiddenField,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Node } from '../types.ts';

const roleLabelPrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';
const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function statusOfNode(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (node.spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

/** The roles of a node from its labels, sorted; none is an empty list. */
export function nodeRoles(node: Node): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(roleLabelPrefix) && key.length > roleLabelPrefix.length) roles.add(key.slice(roleLabelPrefix.length));
    else if (key === roleLabel && value) roles.add(value);
  }
  return [...roles].sort();
}

/** The first address of a type a node reports, undefined if it reports none. */
export function nodeAddress(node: Node, type: 'InternalIP' | 'ExternalIP' | 'Hostname'): string | undefined {
  return node.status?.addresses?.find((address) => address.type === type)?.address;
}

function validateTaints(node: Node): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (node.spec?.taints ?? []).forEach((taint, index) => {
    const at = path('spec', 'taints').index(index);
    for (const message of isQualifiedName(taint.key ?? '')) errors.push(invalid(at.child('key'), taint.key ?? '', message));
    for (const message of isValidLabelValue(taint.value ?? '')) errors.push(invalid(at.child('value'), taint.value, message));
    if (!taint.effect) errors.push(required(at.child('effect')));
    else if (!taintEffects.includes(taint.effect)) errors.push(notSupported(at.child('effect'), taint.effect, taintEffects));
    const identity = `${taint.key}:${taint.effect}`;
    if (seen.has(identity))
      errors.push({
        ...duplicate(at, taint),
        message: `Duplicate value: ${JSON.stringify(taint)}: taints must be unique by key and effect pair`,
      });
    seen.add(identity);
  });
  return errors;
}

function validateNode(node: Node): FieldError[] {
  const errors = validateTaints(node);
  (node.spec?.podCIDRs ?? []).forEach((cidr, index) => {
    for (const message of isValidCidr(cidr)) errors.push(invalid(path('spec', 'podCIDRs').index(index), cidr, message));
  });
  return errors;
}

function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = validateNode(node);
  const oldCidrs = old.spec?.podCIDRs ?? [];
  if (oldCidrs.length && !semanticEqual(oldCidrs, node.spec?.podCIDRs)) {
    errors.push(forbiddenField(path('spec', 'podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  const oldId = old.spec?.providerID;
  if (oldId && node.spec?.providerID !== oldId)
    errors.push(forbiddenField(path('spec', 'providerID'), 'node updates may not change providerID except from "" to valid'));
  return errors;
}

const info = (node: Node, field: 'kubeletVersion' | 'osImage' | 'kernelVersion' | 'containerRuntimeVersion'): string =>
  node.status?.nodeInfo?.[field] || '<unknown>';

/** The kind Node. */
export const node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  scope: 'Cluster',
  schema: 'io.k8s.api.core.v1.Node',
  storagePrefix: '/registry/minions',
  storageVersionHash: 'XwShjMxG9Fs=',
  subresources: [
    { name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    statusSubresource<Node>('Node'),
  ],
  strategy: {
    prepareForCreate(object) {
      object.status ??= {};
    },
    prepareForUpdate: keepOldStatus,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Status', 'Whether the node is ready and open for pods.', statusOfNode),
    textColumn('Roles', 'Roles from the node-role labels.', (object) => nodeRoles(object).join(',') || '<none>'),
    ageColumn(),
    textColumn('Version', 'Version of the kubelet.', (object) => object.status?.nodeInfo?.kubeletVersion ?? ''),
    textColumn('Internal-IP', 'Address inside the cluster.', (object) => nodeAddress(object, 'InternalIP') ?? '<none>', 1),
    textColumn('External-IP', 'Address outside the cluster.', (object) => nodeAddress(object, 'ExternalIP') ?? '<none>', 1),
    textColumn('OS-Image', 'Operating system of the machine.', (object) => info(object, 'osImage'), 1),
    textColumn('Kernel-Version', 'Kernel of the machine.', (object) => info(object, 'kernelVersion'), 1),
    textColumn('Container-Runtime', 'Container runtime and version.', (object) => info(object, 'containerRuntimeVersion'), 1),
  ],
  selectableFields: [{ name: 'spec.unschedulable', value: (object) => String(object.spec?.unschedulable ?? false) }],
});
