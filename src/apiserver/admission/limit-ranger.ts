/** LimitRanger: containers get the defaults of the namespace's LimitRanges, and no container, pod or claim passes their limits. */
import { kindByGroupKind, type Container, type LimitRange, type PersistentVolumeClaim, type Pod } from '#api';
import { addQuantity, compareQuantity, formatQuantity, parseQuantity, quantityValue, type Quantity } from '#apimachinery';
import type { Core } from '../core.ts';
import { isAbout, refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

type Amounts = Record<string, string | number>;
type Item = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];

function rangesOf(core: Core, namespace: string): LimitRange[] {
  const kind = kindByGroupKind('', 'LimitRange');
  if (!kind) return [];
  return core.caches
    .of(kind)
    .list({ namespace })
    .map(({ object }) => object as LimitRange);
}

const itemsOf = (ranges: readonly LimitRange[], type: string): Item[] =>
  ranges.flatMap(({ spec }) => (spec?.limits ?? []).filter((item) => item.type === type));
const containersOf = (pod: Pod): Container[] => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];

/** Fills what is missing, and notes it on the pod: `LimitRanger plugin set: cpu request for container web`. */
function setDefaults(pod: Pod, range: LimitRange): void {
  const notes: string[] = [];
  const [limits, requests]: [Amounts, Amounts] = [{}, {}];
  for (const item of itemsOf([range], 'Container')) {
    Object.assign(limits, item.default);
    Object.assign(requests, item.defaultRequest);
  }
  const fill = (container: Container, field: 'requests' | 'limits', defaults: Amounts, word: string): void => {
    const missing = Object.keys(defaults).filter((name) => (container.resources?.[field] as Amounts | undefined)?.[name] === undefined);
    if (missing.length === 0) return;
    container.resources = {
      ...container.resources,
      [field]: { ...container.resources?.[field], ...Object.fromEntries(missing.map((name) => [name, defaults[name]!])) },
    };
    const what = pod.spec?.initContainers?.includes(container) ? 'init container' : 'container';
    notes.push(`${missing.sort().join(', ')} ${word} for ${what} ${container.name}`);
  };
  for (const container of containersOf(pod)) {
    fill(container, 'requests', requests, 'request');
    fill(container, 'limits', limits, 'limit');
  }
  if (notes.length > 0)
    pod.metadata.annotations = { ...pod.metadata.annotations, 'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}` };
}

/** What one item finds wrong with requests and limits. */
function violations(item: Item, requests: Amounts, limits: Amounts): string[] {
  const found: string[] = [];
  const read = (amounts: Amounts, name: string): Quantity | undefined =>
    amounts[name] === undefined ? undefined : parseQuantity(amounts[name]);
  const shown = (amount: Quantity | string | number): string => formatQuantity(typeof amount === 'object' ? amount : parseQuantity(amount));
  for (const [name, least] of Object.entries((item.min ?? {}) as Amounts)) {
    const [request, limit, bound] = [read(requests, name), read(limits, name), parseQuantity(least)];
    const text = `minimum ${name} usage per ${item.type} is ${shown(bound)}`;
    if (!request) found.push(`${text}.  No request is specified`);
    else if (compareQuantity(request, bound) < 0) found.push(`${text}, but request is ${shown(request)}`);
    if (limit && compareQuantity(limit, bound) < 0) found.push(`${text}, but limit is ${shown(limit)}`);
  }
  for (const [name, most] of Object.entries((item.max ?? {}) as Amounts)) {
    const [request, limit, bound] = [read(requests, name), read(limits, name), parseQuantity(most)];
    const text = `maximum ${name} usage per ${item.type} is ${shown(bound)}`;
    if (!limit && item.type !== 'PersistentVolumeClaim') found.push(`${text}.  No limit is specified`);
    else if (limit && compareQuantity(limit, bound) > 0) found.push(`${text}, but limit is ${shown(limit)}`);
    if (request && compareQuantity(request, bound) > 0) found.push(`${text}, but request is ${shown(request)}`);
  }
  for (const [name, ratio] of Object.entries((item.maxLimitRequestRatio ?? {}) as Amounts)) {
    const [request, limit] = [read(requests, name), read(limits, name)];
    const text = `${name} max limit to request ratio per ${item.type} is ${shown(ratio)}`;
    if (!request || request.nanos === 0n) found.push(`${text}, but no request is specified or request is 0`);
    else if (!limit || limit.nanos === 0n) found.push(`${text}, but no limit is specified or limit is 0`);
    else if (Number(limit.nanos) / Number(request.nanos) > quantityValue(ratio))
      found.push(`${text}, but provided ratio is ${(Number(limit.nanos) / Number(request.nanos)).toFixed(6)}`);
  }
  return found;
}

function sumOf(containers: readonly Container[], field: 'requests' | 'limits'): Amounts {
  const sum: Record<string, Quantity> = {};
  for (const { resources } of containers)
    for (const [name, amount] of Object.entries((resources?.[field] ?? {}) as Amounts))
      sum[name] = sum[name] ? addQuantity(sum[name], parseQuantity(amount)) : parseQuantity(amount);
  return Object.fromEntries(Object.entries(sum).map(([name, amount]) => [name, formatQuantity(amount)]));
}

function judge(attributes: AdmissionAttributes, found: readonly string[]): void {
  if (found.length === 1) throw refuse(attributes, found[0]!);
  if (found.length > 1) throw refuse(attributes, `[${found.join(', ')}]`);
}

/** The plugin. */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  async admit(attributes, core) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'pods')) return;
    for (const range of rangesOf(core, attributes.namespace)) setDefaults(attributes.object as Pod, range);
  },
  async validate(attributes, core) {
    if (attributes.operation !== 'CREATE') return;
    if (isAbout(attributes, '', 'pods')) {
      const ranges = rangesOf(core, attributes.namespace);
      const pod = attributes.object as Pod;
      const ofContainers = itemsOf(ranges, 'Container').flatMap((item) =>
        containersOf(pod).flatMap(({ resources }) =>
          violations(item, (resources?.requests ?? {}) as Amounts, (resources?.limits ?? {}) as Amounts),
        ),
      );
      const containers = pod.spec?.containers ?? [];
      const ofPod = itemsOf(ranges, 'Pod').flatMap((item) => violations(item, sumOf(containers, 'requests'), sumOf(containers, 'limits')));
      judge(attributes, [...ofContainers, ...ofPod]);
    } else if (isAbout(attributes, '', 'persistentvolumeclaims')) {
      const requests = ((attributes.object as PersistentVolumeClaim).spec?.resources?.requests ?? {}) as Amounts;
      judge(
        attributes,
        itemsOf(rangesOf(core, attributes.namespace), 'PersistentVolumeClaim').flatMap((item) => violations(item, requests, {})),
      );
    }
  },
};
