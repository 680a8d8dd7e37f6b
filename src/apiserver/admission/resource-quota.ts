/** ResourceQuota: refuses what would pass a quota of the namespace, and books what is let through, in the quota's own status. */
import {
  addUsage,
  isInScope,
  kindByGroupKind,
  missingAmounts,
  storageKey,
  usageOf,
  usageUnder,
  type Pod,
  type ResourceQuota,
  type Usage,
} from '#api';
import { compareQuantity, formatQuantity, isConflict, parseQuantity, subtractQuantity, zeroQuantity, type KubeObject } from '#apimachinery';
import type { Core } from '../core.ts';
import { updateObject } from '../registry/update.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';
import { refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

/** Tries against other writers of the same quota. */
const TRIES = 5;

const texts = (usage: Usage): string =>
  Object.keys(usage)
    .sort()
    .map((name) => `${name}=${formatQuantity(usage[name]!)}`)
    .join(',');
const quantities = (amounts: Readonly<Record<string, string | number>> | undefined): Usage =>
  Object.fromEntries(Object.entries(amounts ?? {}).map(([name, amount]) => [name, parseQuantity(amount)]));

/** What the request adds: all of a new object, the difference of a changed one. */
function deltaOf({ kind, object, old }: AdmissionAttributes): Usage {
  const after = usageOf(kind.group, kind.plural, object as KubeObject);
  if (!old) return after;
  const before = usageOf(kind.group, kind.plural, old);
  return Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, subtractQuantity(amount, before[name] ?? zeroQuantity)]));
}

/** The quota after the request; undefined if it is not touched. Throws 403 where it would be passed. */
function charged(attributes: AdmissionAttributes, quota: ResourceQuota, delta: Usage): ResourceQuota | undefined {
  const wanted = Object.fromEntries(
    Object.entries(usageUnder(quota, delta)).filter(([, amount]) => compareQuantity(amount, zeroQuantity) > 0),
  );
  if (Object.keys(wanted).length === 0) return undefined;
  const hard = quantities(quota.status?.hard as Record<string, string> | undefined);
  const used = quantities(quota.status?.used as Record<string, string> | undefined);
  const after = addUsage(Object.fromEntries(Object.keys(wanted).map((name) => [name, used[name] ?? zeroQuantity])), wanted);
  const over = Object.keys(wanted).filter((name) => hard[name] && compareQuantity(after[name]!, hard[name]) > 0);
  if (over.length > 0) {
    const only = (usage: Usage): string => texts(Object.fromEntries(over.map((name) => [name, usage[name] ?? zeroQuantity])));
    throw refuse(
      attributes,
      `exceeded quota: ${quota.metadata.name}, requested: ${only(wanted)}, used: ${only(used)}, limited: ${only(hard)}`,
    );
  }
  const written = Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, formatQuantity(amount)]));
  return { ...quota, status: { ...quota.status, used: { ...quota.status?.used, ...written } } };
}

async function charge(attributes: AdmissionAttributes, core: Core, name: string, delta: Usage): Promise<void> {
  const kind = kindByGroupKind('', 'ResourceQuota')!;
  const subresource = kind.subresources.find((each) => each.name === 'status')!;
  for (let tried = 0; ; tried++) {
    const stored = await core.store.get(kind, storageKey(kind, name, attributes.namespace));
    const quota = stored && (copyOf(stored.object) as ResourceQuota);
    const after = quota && charged(attributes, quota, delta);
    if (!after || attributes.dryRun) return;
    try {
      await updateObject(
        core,
        { kind, namespace: attributes.namespace, name, mayCreate: false, isWhole: true, subresource, make: () => after },
        loopbackContext(core),
      );
      return;
    } catch (error) {
      if (!isConflict(error) || tried >= TRIES) throw error;
    }
  }
}

/** The plugin. */
export const resourceQuotaAdmission: AdmissionPlugin = {
  name: 'ResourceQuota',
  async validate(attributes, core) {
    const { operation, kind, namespace, object, subresource } = attributes;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || subresource !== '' || namespace === '' || !object) return;
    const quotaKind = kindByGroupKind('', 'ResourceQuota');
    if (!quotaKind || kind.kind === 'Event') return;
    const quotas = core.caches
      .of(quotaKind)
      .list({ namespace })
      .map((version) => version.object as ResourceQuota)
      .filter((quota) => isInScope(quota, kind.group, kind.plural, object));
    if (quotas.length === 0) return;
    const delta = deltaOf(attributes);
    for (const quota of quotas) {
      if (kind.plural === 'pods' && operation === 'CREATE') {
        const missing = missingAmounts(quota, object as Pod);
        if (missing.length > 0) throw refuse(attributes, `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`);
      }
      await charge(attributes, core, quota.metadata.name, delta);
    }
  },
};
