/** References by name: when a resource's name has changed, everything of the build that names it is changed with it. */
import { CommandError } from '../errors.ts';
import { changeField, isSpecFor, partsOf, type FieldSpec } from './field-path.ts';
import { podSpecPaths } from './pod-templates.ts';
import { effectiveNamespace, identitiesOf, identityOf, isObject, type Resource } from './resource.ts';
import type { JsonObject } from '#apimachinery';

/** What may name resources of a kind. */
interface Referrers {
  readonly kind: string;
  readonly fields: readonly FieldSpec[];
}

const inPods = (paths: readonly string[], kinds = Object.keys(podSpecPaths)): FieldSpec[] =>
  kinds.flatMap((kind) => paths.map((path) => ({ kind, path: `${podSpecPaths[kind]!}/${path}` })));
const ofContainers = (paths: readonly string[]): string[] =>
  ['containers', 'initContainers'].flatMap((list) => paths.map((path) => `${list}/${path}`));
const ofKinds = (kinds: readonly string[], path: string): FieldSpec[] => kinds.map((kind) => ({ kind, path }));
const annotationsOf = (kind: string, keys: readonly string[]): FieldSpec[] =>
  keys.map((key) => ({ kind, path: `metadata/annotations/${key.replaceAll('/', '\\/')}` }));

const WEBHOOKS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];
const SCALABLE = ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'];

const REFERENCES: readonly Referrers[] = [
  ...SCALABLE.map((kind) => ({ kind, fields: [{ kind: 'HorizontalPodAutoscaler', path: 'spec/scaleTargetRef/name' }] })),
  {
    kind: 'ConfigMap',
    fields: [
      ...inPods([
        'volumes/configMap/name',
        'volumes/projected/sources/configMap/name',
        ...ofContainers(['env/valueFrom/configMapKeyRef/name', 'envFrom/configMapRef/name']),
      ]),
      ...ofKinds(['Role', 'ClusterRole'], 'rules/resourceNames'),
      ...annotationsOf('Ingress', ['nginx.ingress.kubernetes.io/fastcgi-params-configmap']),
    ],
  },
  {
    kind: 'Secret',
    fields: [
      ...inPods([
        'volumes/secret/secretName',
        'volumes/projected/sources/secret/name',
        'imagePullSecrets/name',
        ...ofContainers(['env/valueFrom/secretKeyRef/name', 'envFrom/secretRef/name']),
      ]),
      ...ofKinds(['Ingress'], 'spec/tls/secretName'),
      ...annotationsOf('Ingress', [
        'ingress.kubernetes.io/auth-secret',
        'nginx.ingress.kubernetes.io/auth-secret',
        'nginx.ingress.kubernetes.io/auth-tls-secret',
      ]),
      ...ofKinds(['ServiceAccount'], 'imagePullSecrets/name'),
      ...ofKinds(['Role', 'ClusterRole'], 'rules/resourceNames'),
      ...['secretName', 'adminSecretName', 'userSecretName', 'secretRef'].map((name) => ({
        kind: 'StorageClass',
        path: `parameters/${name}`,
      })),
      { kind: 'PersistentVolume', path: 'spec/azureFile/secretName' },
    ],
  },
  {
    kind: 'Service',
    fields: [
      { kind: 'StatefulSet', group: 'apps', path: 'spec/serviceName' },
      ...[
        'rules/http/paths/backend/serviceName',
        'backend/serviceName',
        'rules/http/paths/backend/service/name',
        'defaultBackend/service/name',
      ].map((path) => ({ kind: 'Ingress', path: `spec/${path}` })),
      { kind: 'APIService', path: 'spec/service/name' },
      ...ofKinds(WEBHOOKS, 'webhooks/clientConfig/service'),
      { kind: 'HTTPRoute', path: 'spec/rules/backendRefs/name' },
    ],
  },
  { kind: 'Role', fields: [{ kind: 'RoleBinding', path: 'roleRef/name' }] },
  { kind: 'ClusterRole', fields: ofKinds(['RoleBinding', 'ClusterRoleBinding'], 'roleRef/name') },
  { kind: 'ServiceAccount', fields: [...ofKinds(['RoleBinding', 'ClusterRoleBinding'], 'subjects'), ...inPods(['serviceAccountName'])] },
  { kind: 'PersistentVolumeClaim', fields: inPods(['volumes/persistentVolumeClaim/claimName']) },
  {
    kind: 'PersistentVolume',
    fields: [
      { kind: 'PersistentVolumeClaim', path: 'spec/volumeName' },
      { kind: 'ClusterRole', path: 'rules/resourceNames' },
    ],
  },
  {
    kind: 'StorageClass',
    fields: [
      ...ofKinds(['PersistentVolume', 'PersistentVolumeClaim'], 'spec/storageClassName'),
      { kind: 'StatefulSet', path: 'spec/volumeClaimTemplates/spec/storageClassName' },
    ],
  },
  { kind: 'PriorityClass', fields: inPods(['priorityClassName']) },
  { kind: 'IngressClass', fields: [{ kind: 'Ingress', path: 'spec/ingressClassName' }] },
];

const endsAlike = (a: readonly string[], b: readonly string[]): boolean => {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((text, at) => text === long[long.length - short.length + at]);
};

/** Whether a resource could be what `referrer` means: they share their surroundings (namespace and the kustomizations they came through). */
function isInReach(referrer: Resource, candidate: Resource, namespace: string | undefined): boolean {
  const places = (one: Resource): string[] => identitiesOf(one).map(effectiveNamespace);
  const cluster = effectiveNamespace(identityOf(candidate)) === '' || effectiveNamespace(identityOf(referrer)) === '';
  const wanted = namespace === undefined ? places(referrer) : [namespace];
  return cluster || places(candidate).some((place) => wanted.includes(place));
}

/** The resource of a kind that a name means; undefined where none is, or where its name is as it was. */
function meant(resources: readonly Resource[], referrer: Resource, kind: string, name: string, namespace?: string): Resource | undefined {
  const named = resources.filter(
    (one) =>
      one.object['kind'] === kind && identitiesOf(one).some((identity) => identity.name === name) && isInReach(referrer, one, namespace),
  );
  if (named.length <= 1) return named[0];
  const near = named.filter((one) => endsAlike(one.prefixes, referrer.prefixes) && endsAlike(one.suffixes, referrer.suffixes));
  const sure = near.length > 0 ? near : named;
  const names = new Set(sure.map((one) => one.object.metadata.name));
  if (names.size > 1)
    throw new CommandError(`found multiple possible referrals: ${sure.map((one) => one.object.metadata.name).join(', ')}`);
  return sure[0];
}

/** Rewrites a reference given as a map: subjects of bindings (of any kind, as kustomize does), services of webhooks. */
function renameHolder(resources: readonly Resource[], referrer: Resource, kind: string, holder: JsonObject): void {
  const { name, namespace } = holder;
  if (typeof name !== 'string') return;
  const target = meant(resources, referrer, kind, name, typeof namespace === 'string' && namespace ? namespace : undefined);
  if (!target) return;
  const { metadata } = target.object;
  holder['name'] = metadata.name;
  if (metadata.namespace !== undefined) holder['namespace'] = metadata.namespace;
}

function renamed(resources: readonly Resource[], referrer: Resource, kind: string, value: unknown, holder: JsonObject): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return items.map((item) => {
      if (isObject(item)) {
        renameHolder(resources, referrer, kind, item);
        return item;
      }
      return renamed(resources, referrer, kind, item, holder) ?? item;
    });
  }
  if (isObject(value)) {
    renameHolder(resources, referrer, kind, value);
    return undefined;
  }
  if (typeof value !== 'string' || value === '') return undefined;
  // A role of one kind is not meant where the reference says the other.
  if ((kind === 'Role' || kind === 'ClusterRole') && holder['kind'] !== kind) return undefined;
  if (referrer.object['kind'] === 'HorizontalPodAutoscaler' && holder['kind'] !== kind) return undefined;
  return meant(resources, referrer, kind, value)?.object.metadata.name;
}

/** Brings every reference up to date. Throws CommandError where a name could mean several resources. */
export function fixReferences(resources: readonly Resource[]): void {
  for (const referrer of resources) {
    // A reference is looked up by what it says before this, so each field is changed at most once.
    const done = new Set<string>();
    for (const { kind, fields } of REFERENCES) {
      if (!resources.some(({ object }) => object['kind'] === kind)) continue;
      for (const field of fields) {
        if (!isSpecFor(field, referrer.object) || done.has(`${kind} ${field.path}`)) continue;
        done.add(`${kind} ${field.path}`);
        changeField(referrer.object, partsOf(field.path), false, (value, holder) => renamed(resources, referrer, kind, value, holder));
      }
    }
  }
}
