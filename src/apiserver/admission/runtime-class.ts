/** RuntimeClass: pods get what their class costs beside their containers, and the nodes it is for. */
import { kindByGroupKind, storageKey, type Pod, type RuntimeClass, type Toleration } from '#api';
import { deepEqual, semanticEqual } from '#apimachinery';
import type { Core } from '../core.ts';
import { isAbout, refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const classes = kindByGroupKind('node.k8s.io', 'RuntimeClass')!;
const rejected = (attributes: AdmissionAttributes, why: string): Error => refuse(attributes, `pod rejected: ${why}`);

async function classOf(core: Core, attributes: AdmissionAttributes, name: string): Promise<RuntimeClass> {
  const stored = await core.store.get(classes, storageKey(classes, name));
  if (!stored) throw rejected(attributes, `RuntimeClass "${name}" not found`);
  return stored.object as RuntimeClass;
}

function setScheduling(pod: Pod, { scheduling }: RuntimeClass, attributes: AdmissionAttributes): void {
  const spec = pod.spec!;
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const chosen = spec.nodeSelector?.[key];
    if (chosen !== undefined && chosen !== value)
      throw rejected(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${chosen}`,
      );
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const tolerations = (scheduling?.tolerations ?? []) as Toleration[];
  const missing = tolerations.filter((each) => !spec.tolerations?.some((own) => deepEqual(own, each)));
  if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...missing];
}

/** The plugin. */
export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  async admit(attributes, core) {
    const pod = attributes.object as Pod | undefined;
    const name = pod?.spec?.runtimeClassName;
    if (!name || attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'pods')) return;
    const found = await classOf(core, attributes, name);
    const overhead = found.overhead?.podFixed;
    if (overhead) {
      if (pod.spec!.overhead && !semanticEqual(pod.spec!.overhead, overhead))
        throw rejected(attributes, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      pod.spec!.overhead = { ...overhead };
    }
    setScheduling(pod, found, attributes);
  },
  async validate(attributes, core) {
    const pod = attributes.object as Pod | undefined;
    if (!pod?.spec?.overhead || attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'pods')) return;
    const { runtimeClassName } = pod.spec;
    if (!runtimeClassName) throw rejected(attributes, 'Pod Overhead set without corresponding RuntimeClass defined Overhead');
    if (!(await classOf(core, attributes, runtimeClassName)).overhead)
      throw rejected(attributes, 'Pod Overhead set without corresponding RuntimeClass defined Overhead');
  },
};
