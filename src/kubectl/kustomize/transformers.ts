/** What a kustomization does to every resource it meant: namespace, prefix and suffix, labels, annotations, images, replicas. */
import type { JsonObject } from '#apimachinery';
import { CommandError } from '../errors.ts';
import { changeField, isSpecFor, partsOf, type FieldSpec } from './field-path.ts';
import type { ImageChange, Kustomization } from './kustomization.ts';
import { templateMetadataPaths } from './pod-templates.ts';
import { identitiesOf, isClusterScoped, isObject, rememberIdentity, type Resource } from './resource.ts';

function changeAll(
  resources: readonly Resource[],
  specs: readonly FieldSpec[],
  change: (value: unknown, holder: JsonObject) => unknown,
): void {
  for (const { object } of resources)
    for (const spec of specs) if (isSpecFor(spec, object)) changeField(object, partsOf(spec.path), spec.create ?? false, change);
}

/** Sets the namespace of everything that has one, and of what names the default service account. */
export function setNamespace(resources: readonly Resource[], namespace: string | undefined): void {
  if (!namespace) return;
  for (const resource of resources) {
    const { object } = resource;
    const kind = String(object['kind']);
    const scoped = !isClusterScoped(String(object['apiVersion']), kind);
    if (kind === 'Namespace' || (scoped && object.metadata.namespace !== namespace)) rememberIdentity(resource);
    if (kind === 'Namespace') object.metadata.name = namespace;
    else if (scoped) object.metadata.namespace = namespace;
    if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
      changeField(object, ['subjects', 'namespace'], true, (value, holder) => (holder['name'] === 'default' ? namespace : value));
    if (kind === 'APIService') changeField(object, ['spec', 'service', 'namespace'], true, () => namespace);
    if (kind === 'ValidatingWebhookConfiguration' || kind === 'MutatingWebhookConfiguration')
      changeField(object, ['webhooks', 'clientConfig', 'service', 'namespace'], false, () => namespace);
    if (kind === 'CustomResourceDefinition')
      changeField(object, ['spec', 'conversion', 'webhook', 'clientConfig', 'service', 'namespace'], false, () => namespace);
  }
}

const KEEP_THEIR_NAMES = ['CustomResourceDefinition', 'APIService', 'Namespace'];

/** Puts namePrefix before and nameSuffix behind names. */
export function affixNames(resources: readonly Resource[], { namePrefix = '', nameSuffix = '' }: Kustomization): void {
  if (!namePrefix && !nameSuffix) return;
  for (const resource of resources) {
    if (KEEP_THEIR_NAMES.includes(String(resource.object['kind']))) continue;
    rememberIdentity(resource);
    const { metadata } = resource.object;
    metadata.name = `${namePrefix}${metadata.name}${nameSuffix}`;
    if (namePrefix) resource.prefixes.push(namePrefix);
    if (nameSuffix) resource.suffixes.push(nameSuffix);
  }
}

const everywhere = (field: string): FieldSpec => ({ path: `metadata/${field}`, create: true });
const inTemplates = (field: string): FieldSpec[] =>
  templateMetadataPaths.map(([kind, path]) => ({ kind, path: `${path}/${field}`, create: true }));

const AFFINITY = ['podAffinity', 'podAntiAffinity'].flatMap((side) => [
  `affinity/${side}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels`,
  `affinity/${side}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels`,
]);

/** Where selectors name labels; those of Jobs, budgets and policies only where they are there already. */
const SELECTORS: readonly FieldSpec[] = [
  { kind: 'Service', version: 'v1', path: 'spec/selector', create: true },
  { kind: 'ReplicationController', version: 'v1', path: 'spec/selector', create: true },
  ...['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet'].map((kind) => ({ kind, path: 'spec/selector/matchLabels', create: true })),
  ...['Deployment', 'StatefulSet'].flatMap((kind) =>
    [...AFFINITY, 'topologySpreadConstraints/labelSelector/matchLabels'].map((path) => ({
      kind,
      group: 'apps',
      path: `spec/template/spec/${path}`,
    })),
  ),
  { kind: 'Job', group: 'batch', path: 'spec/selector/matchLabels' },
  { kind: 'CronJob', group: 'batch', path: 'spec/jobTemplate/spec/selector/matchLabels' },
  { kind: 'PodDisruptionBudget', group: 'policy', path: 'spec/selector/matchLabels' },
  ...['podSelector', 'ingress/from/podSelector', 'egress/to/podSelector'].map((path) => ({
    kind: 'NetworkPolicy',
    group: 'networking.k8s.io',
    path: `spec/${path}/matchLabels`,
  })),
];

function setPairs(resources: readonly Resource[], specs: readonly FieldSpec[], pairs: Readonly<Record<string, unknown>> = {}): void {
  const texts = Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, String(value)]));
  if (Object.keys(texts).length === 0) return;
  changeAll(resources, specs, (value) => ({ ...(isObject(value) ? value : {}), ...texts }));
}

/** Where templates hold labels: of pods, and of claims. */
const TEMPLATE_LABELS: readonly FieldSpec[] = [
  ...inTemplates('labels'),
  { kind: 'StatefulSet', group: 'apps', path: 'spec/volumeClaimTemplates/metadata/labels', create: true },
];

/** labels and commonLabels. */
export function setLabels(resources: readonly Resource[], { labels = [], commonLabels }: Kustomization): void {
  const all = [everywhere('labels'), ...TEMPLATE_LABELS, ...SELECTORS];
  for (const { pairs, includeSelectors, includeTemplates, fields = [] } of labels) {
    const specs = includeSelectors ? all : includeTemplates ? [everywhere('labels'), ...TEMPLATE_LABELS] : [everywhere('labels')];
    setPairs(resources, [...fields, ...specs], pairs);
  }
  setPairs(resources, all, commonLabels);
}

/** commonAnnotations. */
export function setAnnotations(resources: readonly Resource[], { commonAnnotations }: Kustomization): void {
  setPairs(resources, [everywhere('annotations'), ...inTemplates('annotations')], commonAnnotations);
}

/** An image as it reads after a change; undefined where the change is not meant for it. */
export function changedImage(image: string, { name, newName, newTag, tagSuffix, digest }: ImageChange): string | undefined {
  const at = image.indexOf('@');
  const withTag = at < 0 ? image : image.slice(0, at);
  const colon = withTag.lastIndexOf(':');
  const isTagged = colon > withTag.lastIndexOf('/');
  const [base, oldTag, oldDigest] = [
    isTagged ? withTag.slice(0, colon) : withTag,
    isTagged ? withTag.slice(colon + 1) : '',
    at < 0 ? '' : image.slice(at + 1),
  ];
  if (base !== name) return undefined;
  let [tag, sum] = [oldTag, oldDigest];
  if (newTag && digest) [tag, sum] = [newTag, digest];
  else if (newTag) [tag, sum] = [newTag, ''];
  else if (digest) [tag, sum] = ['', digest];
  if (tagSuffix) tag = `${tag}${tagSuffix}`;
  return `${newName || base}${tag ? `:${tag}` : ''}${sum ? `@${sum}` : ''}`;
}

/** Visits `image` of everything in a list called containers or initContainers, at any depth. */
function visitImages(value: unknown, change: (image: string) => string | undefined): void {
  if (Array.isArray(value)) return value.forEach((item) => visitImages(item, change));
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if ((key === 'containers' || key === 'initContainers') && Array.isArray(inner)) {
      for (const container of inner.filter(isObject)) {
        if (typeof container['image'] === 'string') container['image'] = change(container['image']) ?? container['image'];
      }
    }
    visitImages(inner, change);
  }
}

/** images. */
export function setImages(resources: readonly Resource[], { images = [], imageTags = [] }: Kustomization): void {
  for (const entry of [...images, ...imageTags])
    for (const { object } of resources)
      if (object['kind'] !== 'CustomResourceDefinition') visitImages(object, (image) => changedImage(image, entry));
}

const SCALED = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'];

/** replicas. Throws CommandError where no workload has the name. */
export function setReplicas(resources: readonly Resource[], { replicas = [] }: Kustomization): void {
  for (const { name, count } of replicas) {
    const found = resources.filter(
      (one) => SCALED.includes(String(one.object['kind'])) && identitiesOf(one).some((identity) => identity.name === name),
    );
    if (found.length === 0)
      throw new CommandError(
        `resource with name ${name} does not match a config with the following GVK [${SCALED.map((kind) => `${kind}.[noVer].[noGrp]`).join(' ')}]`,
      );
    for (const { object } of found) changeField(object, ['spec', 'replicas'], true, () => count);
  }
}
