/** What a command works on: words (`pods`, `pod/web`, `deploy,svc web`), files, selectors — client-go's resource builder. */
import { failure, StatusError, type KubeObject } from '#apimachinery';
import { apiVersionOfResource, goResource, isNotFound, pathOf, type ApiResource } from './discovery.ts';
import { CommandError, ErrorList, WrappedError } from './errors.ts';
import type { Invocation } from './command.ts';
import { hasFiles, readManifests } from './manifests.ts';
import type { Session } from './session.ts';

/** A collection (no name) or one object, named or given by a file. */
export interface Target {
  readonly resource: ApiResource;
  /** Undefined: cluster-scoped, or all namespaces. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** The file's object. */
  readonly object?: KubeObject;
  readonly source?: string;
}

/** One object a command works on, as the server has it. */
export interface Info {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly object: KubeObject;
  readonly source?: string;
}

/** How the words of a command are read. */
export interface TargetOptions {
  /** First words that are no targets (labels, images …) are cut off by the caller; these are the words. */
  readonly words?: readonly string[];
  /** A type alone means all of its objects (get, describe, --all, a selector). */
  readonly allowCollections: boolean;
  /** What is said when nothing was given. */
  readonly missing?: string;
}

/** The resource of a file's object. Throws CommandError where the server has none. */
export async function resourceOfObject(session: Session, object: KubeObject, source: string): Promise<ApiResource> {
  const resource = await session.discovery.resourceOfKind(object.apiVersion, object.kind);
  if (resource) return resource;
  const { name = '', namespace = '' } = object.metadata;
  throw new CommandError(
    `resource mapping not found for name: "${name}" namespace: "${namespace}" from "${source}": no matches for kind "${object.kind}" in version "${object.apiVersion}"\nensure CRDs are installed first`,
  );
}

/** The namespace a file's object goes to. Throws CommandError where flag and object disagree. */
export function namespaceOfObject(session: Session, resource: ApiResource, object: KubeObject): string | undefined {
  if (resource.scope === 'Cluster') return undefined;
  const own = object.metadata.namespace;
  if (own && session.namespaceGiven && own !== session.namespace) {
    throw new CommandError(
      `the namespace from the provided object "${own}" does not match the namespace "${session.namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return own || session.namespace;
}

async function fileTargets({ session, flags }: Invocation): Promise<Target[]> {
  const targets: Target[] = [];
  for (const { object, source } of await readManifests(session, flags)) {
    const resource = await resourceOfObject(session, object, source);
    targets.push({ resource, namespace: namespaceOfObject(session, resource, object), name: object.metadata.name, object, source });
  }
  return targets;
}

const SLASH_MIXED =
  "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

/** The targets of a command's words and flags. Throws CommandError with the builder's texts. */
export async function readTargets(invocation: Invocation, options: TargetOptions): Promise<Target[]> {
  const { session, flags } = invocation;
  const words = options.words ?? invocation.args;
  if (hasFiles(flags)) {
    if (words.length > 0)
      throw new CommandError('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well');
    return fileTargets(invocation);
  }
  const allNamespaces = flags.on('all-namespaces');
  const namespaceOf = (resource: ApiResource): string | undefined =>
    resource.scope === 'Cluster' || allNamespaces ? undefined : session.namespace;
  if (words.length === 0)
    throw new CommandError(
      options.missing ??
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    );
  const refuseAcross = (): never => {
    throw new CommandError('a resource cannot be retrieved by name across all namespaces');
  };
  if (words.some((word) => word.includes('/'))) {
    const targets: Target[] = [];
    for (const word of words) {
      if (!word.includes('/')) throw new CommandError(SLASH_MIXED);
      const [type = '', name = '', ...more] = word.split('/');
      if (more.length > 0) throw new CommandError(`arguments in resource/name form may not have more than one slash`);
      if (type === '' || name === '') throw new CommandError(`arguments in resource/name form must have a single resource and name`);
      const resource = await session.discovery.resourceOf(type);
      if (allNamespaces && resource.scope === 'Namespaced') refuseAcross();
      targets.push({ resource, namespace: namespaceOf(resource), name });
    }
    return targets;
  }
  const [types = '', ...names] = words;
  const resources: ApiResource[] = [];
  for (const type of types.split(',').filter((one) => one !== '')) {
    const members = await session.discovery.category(type);
    resources.push(...(members.length > 0 ? members : [await session.discovery.resourceOf(type)]));
  }
  if (names.length > 0) {
    if (flags.text('selector') || flags.text('field-selector'))
      throw new CommandError('name cannot be provided when a selector is specified');
    if (allNamespaces && resources.some(({ scope }) => scope === 'Namespaced')) refuseAcross();
    return resources.flatMap((resource) => names.map((name) => ({ resource, namespace: namespaceOf(resource), name })));
  }
  if (!options.allowCollections && !flags.text('selector') && !flags.text('field-selector') && !flags.on('all'))
    throw new CommandError('resource(s) were provided, but no name was specified');
  return resources.map((resource) => ({ resource, namespace: namespaceOf(resource), name: undefined }));
}

/** Query of a list: selectors and page size. */
export function listQuery(invocation: Invocation, limit = 500): Record<string, string | number | undefined> {
  const { flags } = invocation;
  return {
    labelSelector: flags.text('selector') || undefined,
    fieldSelector: flags.text('field-selector') || undefined,
    limit: limit > 0 ? limit : undefined,
  };
}

/** What a refused list is told as: what was asked for is said before the server's words. */
export function listRefusal(invocation: Invocation, resource: ApiResource, error: unknown): unknown {
  const { flags } = invocation;
  if (!(error instanceof StatusError) || !['BadRequest', 'NotFound'].includes(error.status.reason ?? '')) return error;
  const { selector, field } = { selector: flags.text('selector'), field: flags.text('field-selector') };
  const { status } = error;
  const what = `"${goResource(resource)}"`;
  const asked =
    selector || field
      ? `Unable to find ${what} that match label selector "${selector}", field selector "${field}"`
      : `Unable to list ${what}`;
  return failure(status.code ?? 400, status.reason ?? 'BadRequest', `${asked}: ${status.message ?? ''}`);
}

/** An object of a list with the apiVersion and kind its list implies. */
export function withType(object: KubeObject, resource: ApiResource): KubeObject {
  return object.kind ? object : { ...object, apiVersion: apiVersionOfResource(resource), kind: resource.kind };
}

/** All objects of a collection, page by page. */
export async function listObjects(
  invocation: Invocation,
  target: Target,
): Promise<{ items: KubeObject[]; resourceVersion: string | undefined }> {
  const items: KubeObject[] = [];
  let next: string | undefined;
  let resourceVersion: string | undefined;
  do {
    const page: { items: KubeObject[]; metadata: { continue?: string; resourceVersion?: string } } = await invocation.session
      .json<{ items: KubeObject[]; metadata: { continue?: string; resourceVersion?: string } }>({
        method: 'GET',
        path: pathOf(target.resource, target.namespace),
        query: { ...listQuery(invocation), continue: next },
      })
      .catch((error: unknown) => {
        throw listRefusal(invocation, target.resource, error);
      });
    items.push(...(page.items ?? []).map((item) => withType(item, target.resource)));
    next = page.metadata.continue || undefined;
    resourceVersion = page.metadata.resourceVersion;
  } while (next);
  return { items, resourceVersion };
}

/** The object of a named target as the server has it. */
export function getObject(session: Session, target: Target, subresource = ''): Promise<KubeObject> {
  if (!target.name)
    throw new WrappedError(
      `error when retrieving current configuration of:\nResource: "${goResource(target.resource)}", GroupVersionKind: "${target.resource.group}/${target.resource.version}, Kind=${target.resource.kind}"\nName: "", Namespace: "${target.namespace ?? ''}"\nfrom server for: "${target.source ?? ''}"`,
      new Error('resource name may not be empty'),
    );
  const path = pathOf(target.resource, target.namespace, target.name, subresource || undefined);
  return session.json<KubeObject>({ method: 'GET', path }).catch((error: unknown) => namespaceOrItself(session, target, error));
}

/** Of an object that is not found, its namespace may be what is missing: then that is told. */
export async function namespaceOrItself(session: Session, { namespace }: Target, error: unknown): Promise<never> {
  if (isNotFound(error) && namespace && namespace !== 'default')
    await session.json({ method: 'GET', path: `/api/v1/namespaces/${namespace}` });
  throw error;
}

/** Fetches what targets mean. Failures are collected beside what was found. */
export async function fetchInfos(invocation: Invocation, targets: readonly Target[]): Promise<{ infos: Info[]; errors: unknown[] }> {
  const infos: Info[] = [];
  const errors: unknown[] = [];
  for (const target of targets) {
    try {
      const objects =
        target.name === undefined
          ? (await listObjects(invocation, target)).items
          : [await getObject(invocation.session, target, invocation.flags.text('subresource'))];
      for (const object of objects) {
        infos.push({
          resource: target.resource,
          namespace: object.metadata.namespace ?? target.namespace,
          name: object.metadata.name,
          object,
          ...(target.source === undefined ? {} : { source: target.source }),
        });
      }
    } catch (error) {
      errors.push(error);
    }
  }
  return { infos, errors };
}

/** Throws what went wrong, if anything did. */
export function throwCollected(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new ErrorList(errors);
}
