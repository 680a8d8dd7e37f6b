/** DefaultTolerationSeconds: pods stay 300 s on a node that is not ready or unreachable, unless they say otherwise. */
import type { Pod, Toleration } from '#api';
import { isAbout, type AdmissionPlugin } from './plugin.ts';

function tolerates(tolerations: readonly Toleration[], key: string): boolean {
  return tolerations.some(
    (toleration) => (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect),
  );
}

/** The plugin. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  async admit(attributes, core) {
    if (attributes.operation === 'DELETE' || !isAbout(attributes, '', 'pods')) return;
    const spec = (attributes.object as Pod).spec;
    if (!spec) return;
    const tolerations = spec.tolerations ?? [];
    const added: Toleration[] = [];
    const wanted: readonly (readonly [string, number])[] = [
      ['node.kubernetes.io/not-ready', core.config.notReadyTolerationSeconds],
      ['node.kubernetes.io/unreachable', core.config.unreachableTolerationSeconds],
    ];
    for (const [key, seconds] of wanted) {
      if (!tolerates(tolerations, key)) added.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds });
    }
    if (added.length > 0) spec.tolerations = [...tolerations, ...added];
  },
};
