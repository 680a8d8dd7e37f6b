/** Which ConfigMaps and Secrets a pod names, in its environment, its volumes and for its images. Pure. */
import type { Pod } from '#api';

/** Keys `namespace/name`. */
export interface PodReferences {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** What all pods name together. */
export function referencesOf(pods: Iterable<Pod>): PodReferences {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const { metadata, spec } of pods) {
    const add = (keys: Set<string>, name: string | undefined): void => {
      if (name) keys.add(`${metadata.namespace ?? ''}/${name}`);
    };
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        add(configMaps, configMapRef?.name);
        add(secrets, secretRef?.name);
      }
      for (const { valueFrom } of container.env ?? []) {
        add(configMaps, valueFrom?.configMapKeyRef?.name);
        add(secrets, valueFrom?.secretKeyRef?.name);
      }
    }
    for (const { configMap, secret, projected } of spec?.volumes ?? []) {
      add(configMaps, configMap?.name);
      add(secrets, secret?.secretName);
      for (const source of projected?.sources ?? []) {
        add(configMaps, source.configMap?.name);
        add(secrets, source.secret?.name);
      }
    }
    for (const { name } of spec?.imagePullSecrets ?? []) add(secrets, name);
  }
  return { configMaps, secrets };
}
