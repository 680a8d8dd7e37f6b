/** Priority: resolves priorityClassName into a number, and keeps global defaults unique. */
import { kindByGroupKind, storageKey, type Pod, type PriorityClass } from '#api';
import type { Core } from '../core.ts';
import { isAbout, refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const group = 'scheduling.k8s.io';

function classes(core: Core): readonly PriorityClass[] {
  const kind = kindByGroupKind(group, 'PriorityClass');
  return kind
    ? core.caches
        .of(kind)
        .list()
        .map((version) => version.object as PriorityClass)
    : [];
}

async function classNamed(core: Core, name: string): Promise<PriorityClass | undefined> {
  const kind = kindByGroupKind(group, 'PriorityClass');
  if (!kind) return undefined;
  const key = storageKey(kind, name);
  return (core.caches.of(kind).get(key)?.object ?? (await core.store.get(kind, key))?.object) as PriorityClass | undefined;
}

/** Of several global defaults the lowest counts. */
function globalDefault(core: Core): PriorityClass | undefined {
  const defaults = classes(core).filter((each) => each.globalDefault === true);
  return defaults.reduce<PriorityClass | undefined>((lowest, each) => (!lowest || each.value < lowest.value ? each : lowest), undefined);
}

async function admitPod(attributes: AdmissionAttributes, core: Core): Promise<void> {
  const spec = (attributes.object as Pod).spec;
  if (!spec) return;
  if (attributes.operation === 'UPDATE') {
    const old = (attributes.old as Pod).spec;
    if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
    if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy;
    return;
  }
  let found: PriorityClass | undefined;
  if (spec.priorityClassName) {
    found = await classNamed(core, spec.priorityClassName);
    if (!found) throw refuse(attributes, `no PriorityClass with name ${spec.priorityClassName} was found`);
  } else {
    found = globalDefault(core);
    if (found) spec.priorityClassName = found.metadata.name;
  }
  const priority = found?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw refuse(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  }
  spec.priority = priority;
  const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  spec.preemptionPolicy = policy;
}

/** The plugin. */
export const priorityAdmission: AdmissionPlugin = {
  name: 'Priority',
  async admit(attributes, core) {
    if (attributes.operation !== 'DELETE' && isAbout(attributes, '', 'pods')) await admitPod(attributes, core);
  },
  async validate(attributes, core) {
    if (attributes.operation === 'DELETE' || !isAbout(attributes, group, 'priorityclasses')) return;
    const wanted = attributes.object as PriorityClass;
    if (wanted.globalDefault !== true) return;
    const other = globalDefault(core);
    if (!other || other.metadata.name === wanted.metadata.name) return;
    throw refuse(attributes, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
  },
};
