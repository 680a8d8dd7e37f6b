/** The annotation that remembers what kubectl apply was last given. */
import type { KubeObject } from '#apimachinery';
import { toCompactJson } from './printers/json.ts';

/** kubectl.kubernetes.io/last-applied-configuration */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What is remembered of a manifest: itself without the annotation, in one line. */
export function lastAppliedText(manifest: KubeObject): string {
  const annotations = { ...manifest.metadata.annotations };
  delete annotations[LAST_APPLIED];
  return `${toCompactJson({ ...manifest, metadata: { ...manifest.metadata, annotations } })}\n`;
}

/** The manifest with the annotation on it. */
export function withLastApplied(manifest: KubeObject): KubeObject {
  return {
    ...manifest,
    metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, [LAST_APPLIED]: lastAppliedText(manifest) } },
  };
}
