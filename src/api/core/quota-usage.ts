// What an object costs a ResourceQuota: counts by kind, and for pods, claims and Services their amounts (quota/v1/evaluator). Pure.
import {
  addQuantity,
  compareQuantity,
  parseQuantity,
  quantityFromUnits,
  zeroQuantity,
  type KubeObject,
  type Quantity,
} from '#apimachinery';
import type { Container, PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../types.ts';

/** Amounts by the name a quota gives them: `pods`, `requests.cpu`, `count/deployments.apps`. */
export type Usage = Readonly<Record<string, Quantity>>;

/** Kinds of the core group that quotas count under their plural, beside `count/PLURAL`. */
const counted: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
]);

const one = quantityFromUnits(1);
type Amounts = Readonly<Record<string, string | number>> | undefined;

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Record<string, Quantity> = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = sum[name] ? addQuantity(sum[name], amount) : amount;
  return sum;
}

const largest = (a: Usage, b: Usage): Usage => {
  const out: Record<string, Quantity> = { ...a };
  for (const [name, amount] of Object.entries(b)) if (!out[name] || compareQuantity(amount, out[name]) > 0) out[name] = amount;
  return out;
};

function containerUsage({ resources }: Container): Usage {
  const usage: Record<string, Quantity> = {};
  const take = (prefix: string, amounts: Amounts): void => {
    for (const [name, amount] of Object.entries(amounts ?? {})) usage[`${prefix}.${name}`] = parseQuantity(amount);
  };
  take('requests', resources?.requests as Amounts);
  take('limits', resources?.limits as Amounts);
  return usage;
}

/** Requests and limits of a pod: its containers together, or its largest init container. `cpu` and `memory` are its requests. */
function podUsage({ spec }: Pod): Usage {
  const together = (spec?.containers ?? []).map(containerUsage).reduce(addUsage, {});
  const usage = (spec?.initContainers ?? []).map(containerUsage).reduce(largest, together);
  const short: Record<string, Quantity> = {};
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) if (usage[`requests.${name}`]) short[name] = usage[`requests.${name}`]!;
  return { ...usage, ...short };
}

/** Whether a pod still counts: one that has ended is free. */
const counts = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

/** The usage of one object of a resource. */
export function usageOf(group: string, plural: string, object: KubeObject): Usage {
  if (plural === 'pods' && group === '' && !counts(object as Pod)) return {};
  const usage: Record<string, Quantity> = { [`count/${plural}${group === '' ? '' : `.${group}`}`]: one };
  if (group !== '') return usage;
  if (counted.has(plural)) usage[plural] = one;
  if (plural === 'pods') return { ...usage, ...podUsage(object as Pod) };
  if (plural === 'services') {
    const { type = 'ClusterIP', ports = [] } = (object as Service).spec ?? {};
    const nodePorts = type === 'NodePort' ? ports.length : ports.filter(({ nodePort }) => nodePort).length;
    usage['services.nodeports'] = quantityFromUnits(type === 'ClusterIP' ? 0 : nodePorts);
    usage['services.loadbalancers'] = quantityFromUnits(type === 'LoadBalancer' ? 1 : 0);
  }
  if (plural === 'persistentvolumeclaims') {
    const { spec } = object as PersistentVolumeClaim;
    const storage = parseQuantity(String(spec?.resources?.requests?.['storage'] ?? '0'));
    usage['requests.storage'] = storage;
    if (spec?.storageClassName) {
      usage[`${spec.storageClassName}.storageclass.storage.k8s.io/requests.storage`] = storage;
      usage[`${spec.storageClassName}.storageclass.storage.k8s.io/persistentvolumeclaims`] = one;
    }
  }
  return usage;
}

const isBestEffort = ({ spec }: Pod): boolean =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].every(
    ({ resources }) => Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0,
  );

/** Whether a quota's scopes take in an object; a quota with scopes is for pods only. */
export function isInScope({ spec }: ResourceQuota, group: string, plural: string, object: KubeObject): boolean {
  const expressions = spec?.scopeSelector?.matchExpressions ?? [];
  const scopes = [...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as string[] })), ...expressions];
  if (scopes.length === 0) return true;
  if (group !== '' || plural !== 'pods') return false;
  const pod = object as Pod;
  return scopes.every(({ scopeName, operator, values = [] }) => {
    if (scopeName === 'BestEffort') return isBestEffort(pod);
    if (scopeName === 'NotBestEffort') return !isBestEffort(pod);
    if (scopeName === 'Terminating') return pod.spec?.activeDeadlineSeconds !== undefined;
    if (scopeName === 'NotTerminating') return pod.spec?.activeDeadlineSeconds === undefined;
    if (scopeName !== 'PriorityClass') return false;
    const name = pod.spec?.priorityClassName ?? '';
    if (operator === 'Exists') return name !== '';
    if (operator === 'DoesNotExist') return name === '';
    return (operator === 'In') === values.includes(name);
  });
}

/** The part of a usage a quota limits, as it writes it: every name of `hard`, nothing else. */
export function usageUnder(quota: ResourceQuota, usage: Usage): Usage {
  return Object.fromEntries(Object.keys(quota.spec?.hard ?? {}).map((name) => [name, usage[name] ?? zeroQuantity]));
}

/** Containers that name no amount a quota limits: `limits.cpu for: web`. */
export function missingAmounts(quota: ResourceQuota, pod: Pod): string[] {
  const computing = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];
  return Object.keys(quota.spec?.hard ?? {})
    .filter((name) => computing.includes(name))
    .sort()
    .flatMap((name) => {
      const full = name.includes('.') ? name : `requests.${name}`;
      const without = (pod.spec?.containers ?? [])
        .filter((container) => !containerUsage(container)[full])
        .map(({ name: container }) => container);
      return without.length > 0 ? [`${name} for: ${without.join(',')}`] : [];
    });
}
