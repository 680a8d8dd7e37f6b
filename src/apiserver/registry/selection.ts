/** Which objects a list or watch is about: namespace, name, labels and fields. */
import { selectableFieldOf, type Kind } from '#api';
import { badRequest, parseFieldSelector, parseSelector, type FieldSelector, type KubeObject, type Selector } from '#apimachinery';
import type { RequestInfo } from '../request-info.ts';
import type { WatchScope } from '../watch-cache/watchers.ts';

/** What is selected. */
export interface Selection {
  readonly scope: WatchScope;
  /** True when everything in the scope matches. */
  readonly isWholeScope: boolean;
  readonly hasSelector: boolean;
  matches(object: Readonly<KubeObject>): boolean;
}

function readSelector(text: string | null): Selector | undefined {
  if (!text) return undefined;
  try {
    return parseSelector(text);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

function readFieldSelector(kind: Kind, text: string | null): FieldSelector | undefined {
  if (!text) return undefined;
  let selector: FieldSelector;
  try {
    selector = parseFieldSelector(text);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
  for (const { field } of selector.requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && kind.scope === 'Namespaced')) continue;
    if (kind.selectableFields.some((each) => each.name === field)) continue;
    if (kind.selectableFields.length > 0) throw badRequest(`field label not supported: ${field}`);
    throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  return selector;
}

/** The selection a request asks for; `name` narrows it to one object. Throws 400 for selectors that cannot be read. */
export function selectionOf(kind: Kind, info: RequestInfo): Selection {
  const labels = readSelector(info.query.get('labelSelector'));
  const fields = readFieldSelector(kind, info.query.get('fieldSelector'));
  const namespace = (kind.scope === 'Namespaced' ? info.namespace : '') || fields?.requiresExactMatch('metadata.namespace') || '';
  const name = info.name || fields?.requiresExactMatch('metadata.name') || '';
  const nodeName = kind.plural === 'pods' ? (fields?.requiresExactMatch('spec.nodeName') ?? '') : '';
  const matches = (object: Readonly<KubeObject>): boolean => {
    if (name && object.metadata.name !== name) return false;
    if (namespace && object.metadata.namespace !== namespace) return false;
    if (labels && !labels.matches(object.metadata.labels)) return false;
    return !fields || fields.matches((field) => selectableFieldOf(kind, object as KubeObject, field) ?? '');
  };
  return {
    scope: { ...(namespace ? { namespace } : {}), ...(name ? { name } : {}), ...(nodeName && !name ? { nodeName } : {}) },
    isWholeScope: !labels && !fields && !name,
    hasSelector: Boolean(labels ?? fields),
    matches,
  };
}
