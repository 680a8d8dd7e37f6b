// Warnings about pods that are stored all the same (api/pod/warnings.go).
import type { Pod } from '../types.ts';

const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

/** Texts for Warning headers about a pod. */
export function podWarnings(pod: Pod): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(pod.spec?.nodeSelector ?? {})) {
    const text = deprecatedNodeLabels[key];
    if (text) warnings.push(`spec.nodeSelector[${key}]: ${text}`);
  }
  const containers = [...(pod.spec?.initContainers ?? []).map((container, index) => ({ container, at: `spec.initContainers[${index}]` }))];
  containers.push(...(pod.spec?.containers ?? []).map((container, index) => ({ container, at: `spec.containers[${index}]` })));
  for (const { container, at } of containers) {
    const seen = new Set<string>();
    (container.env ?? []).forEach((variable, index) => {
      if (seen.has(variable.name))
        warnings.push(`${at}.env[${index}]: hides previous definition of "${variable.name}", which may be dropped when using apply`);
      seen.add(variable.name);
    });
  }
  return warnings;
}
