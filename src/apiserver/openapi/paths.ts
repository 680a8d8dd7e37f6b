/** Paths of a group version as OpenAPI: operations with the parameters clients look for (dryRun, fieldValidation, fieldManager). */
import { collectionPath, type Kind, type Subresource, type Verb } from '#api';
import type { Components, Fields } from './schemas.ts';

const writeParameters: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];
const listParameters: readonly string[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];
const deleteParameters: readonly string[] = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const patchTypes: readonly string[] = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];
/** Strategic patches need a type's merge keys, which definitions do not tell. */
const patchTypesOf = (kind: Kind): readonly string[] =>
  kind.ownSchema ? patchTypes.filter((type) => !type.includes('strategic')) : patchTypes;
const numbers = new Set(['limit', 'timeoutSeconds', 'gracePeriodSeconds']);
const booleans = new Set(['watch', 'allowWatchBookmarks', 'sendInitialEvents', 'force', 'orphanDependents']);

/** An operation's facts, before it is written for version 2 or 3. */
interface Operation {
  readonly method: string;
  readonly action: string;
  readonly parameters: readonly string[];
}

const operations: Readonly<Record<Verb, Operation | undefined>> = {
  get: { method: 'get', action: 'get', parameters: [] },
  list: { method: 'get', action: 'list', parameters: listParameters },
  watch: undefined,
  create: { method: 'post', action: 'post', parameters: writeParameters },
  update: { method: 'put', action: 'put', parameters: writeParameters },
  patch: { method: 'patch', action: 'patch', parameters: [...writeParameters, 'force'] },
  delete: { method: 'delete', action: 'delete', parameters: deleteParameters },
  deletecollection: { method: 'delete', action: 'deletecollection', parameters: [...listParameters, ...deleteParameters] },
};

function parameter(name: string, where: 'query' | 'path', isVersion3: boolean): Fields {
  const type: Fields = numbers.has(name) ? { type: 'integer' } : booleans.has(name) ? { type: 'boolean' } : { type: 'string' };
  const head = { in: where, name, ...(where === 'path' ? { required: true } : {}), uniqueItems: true };
  return isVersion3
    ? { in: where, name, ...(where === 'path' ? { required: true } : {}), schema: { ...type, uniqueItems: true } }
    : { ...head, ...type };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Writes the paths of kinds into documents of one version. */
export class PathWriter {
  readonly paths: Record<string, Fields> = {};
  constructor(
    private readonly components: Components,
    private readonly isVersion3: boolean,
  ) {}

  private body(reference: Fields, mediaTypes: readonly string[]): Fields {
    const content = Object.fromEntries(mediaTypes.map((type) => [type, { schema: reference }]));
    return this.isVersion3 ? { requestBody: { content, required: true } } : { consumes: [...mediaTypes] };
  }

  private responses(reference: Fields): Fields {
    const ok = this.isVersion3
      ? { description: 'OK', content: { 'application/json': { schema: reference } } }
      : { description: 'OK', schema: reference };
    return { responses: { '200': ok, '401': { description: 'Unauthorized' } } };
  }

  private operation(
    kind: Kind,
    verb: Verb,
    about: { group: string; version: string; kind: string },
    reference: Fields,
    suffix: string,
  ): Fields {
    const { action, parameters } = operations[verb]!;
    const isPatch = verb === 'patch';
    const sends = verb === 'create' || verb === 'update' || isPatch;
    const bodyReference = isPatch ? this.components.addNamed('io.k8s.apimachinery.pkg.apis.meta.v1.Patch') : reference;
    const shown = parameters.map((name) => parameter(name, 'query', this.isVersion3));
    const bodyParameter = !this.isVersion3 && sends ? [{ in: 'body', name: 'body', required: true, schema: bodyReference }] : [];
    const scope = kind.scope === 'Namespaced' ? 'Namespaced' : '';
    const groupName = capital((kind.group || 'core').split('.')[0] ?? '');
    return {
      operationId: `${verb}${groupName}${capital(kind.version)}${scope}${kind.kind}${suffix}`,
      ...(shown.length + bodyParameter.length > 0 ? { parameters: [...bodyParameter, ...shown] } : {}),
      ...(sends ? this.body(bodyReference, isPatch ? patchTypesOf(kind) : ['*/*']) : {}),
      ...this.responses(reference),
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': about,
    };
  }

  private place(
    path: string,
    kind: Kind,
    verbs: readonly Verb[],
    about: { group: string; version: string; kind: string },
    reference: Fields,
    suffix = '',
  ): void {
    const item: Fields = this.paths[path] ?? {};
    for (const verb of verbs) {
      const operation = operations[verb];
      if (operation) item[operation.method] = this.operation(kind, verb, about, reference, suffix);
    }
    if (Object.keys(item).length === 0) return;
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => parameter(name, 'path', this.isVersion3));
    if (inPath.length > 0) item['parameters'] = inPath;
    this.paths[path] = item;
  }

  private subresource(path: string, kind: Kind, subresource: Subresource): void {
    const about = { group: subresource.group ?? kind.group, version: subresource.version ?? kind.version, kind: subresource.kind };
    const isParent = subresource.kind === kind.kind;
    const reference: Fields = isParent ? { $ref: `${this.components.root}${kind.schema}` } : { type: 'string' };
    this.place(`${path}/${subresource.name}`, kind, subresource.verbs, about, reference, capital(subresource.name));
  }

  /** Adds all paths of a kind. */
  add(kind: Kind): void {
    const reference = this.components.addKind(kind);
    const { group, version } = kind;
    const about = { group, version, kind: kind.kind };
    const collection = collectionPath(kind, '{namespace}');
    const has = (...verbs: Verb[]): Verb[] => verbs.filter((verb) => kind.verbs.includes(verb));
    this.place(collection, kind, has('list', 'create', 'deletecollection'), about, reference);
    this.place(`${collection}/{name}`, kind, has('get', 'update', 'patch', 'delete'), about, reference);
    if (kind.scope === 'Namespaced') this.place(collectionPath(kind), kind, has('list'), about, reference, 'ForAllNamespaces');
    for (const subresource of kind.subresources) this.subresource(`${collection}/{name}`, kind, subresource);
  }
}
