/** Which resources a target or selector means: kinds and names as anchored regular expressions, labels and annotations as selectors. */
import { parseSelector } from '#apimachinery';
import type { Selector } from './kustomization.ts';
import { groupVersionOf, identitiesOf, type Resource } from './resource.ts';

const matches = (pattern: string | undefined, text: string): boolean => !pattern || new RegExp(`^(?:${pattern})$`).test(text);

/** Whether a selector means a resource, by any name it had. Throws Error for a bad label selector. */
export function isSelected(resource: Resource, selector: Selector): boolean {
  const { group, version, kind, name, namespace, labelSelector, annotationSelector } = selector;
  const known = identitiesOf(resource).some((identity) => {
    const own = groupVersionOf(identity.apiVersion);
    return (
      matches(group, own.group) &&
      matches(version, own.version) &&
      matches(kind, identity.kind) &&
      matches(name, identity.name) &&
      matches(namespace, identity.namespace || (namespace ? 'default' : ''))
    );
  });
  if (!known) return false;
  const { labels = {}, annotations = {} } = resource.object.metadata;
  return (
    (!labelSelector || parseSelector(labelSelector).matches(labels)) &&
    (!annotationSelector || parseSelector(annotationSelector).matches(annotations))
  );
}
