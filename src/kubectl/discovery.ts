/**
 * Discovery and REST mapping: which resources the server has, and which one a word, a kind or a file means (client-go's
 * restmapper with its short names and categories). Reads the aggregated documents; keeps them below ~/.kube/cache.
 */
import { StatusError } from '#apimachinery';
import { joinPath } from '#shell';
import { CommandError } from './errors.ts';
import type { Session } from './session.ts';

/** One resource as discovery tells it. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames: readonly string[];
  readonly verbs: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly string[];
}

/** What the server serves. */
export interface Discovery {
  /** All resources, preferred group versions first within their group. */
  resources(): Promise<readonly ApiResource[]>;
  /** `group/version` texts as served. */
  groupVersions(): Promise<readonly string[]>;
  /** The resource a command-line word means: plural, singular, short name or kind, with `.group` or `.version.group`. Throws CommandError. */
  resourceOf(word: string): Promise<ApiResource>;
  /** The resource of a file's apiVersion and kind; undefined where the server has none. */
  resourceOfKind(apiVersion: string, kind: string): Promise<ApiResource | undefined>;
  /** Resources of a category (`all`); empty where nothing is in it. */
  category(word: string): Promise<readonly ApiResource[]>;
}

interface DiscoveryDocument {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
        readonly scope: 'Namespaced' | 'Cluster';
        readonly singularResource: string;
        readonly verbs: readonly string[];
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

interface Known {
  readonly resources: readonly ApiResource[];
  readonly groupVersions: readonly string[];
}

const ACCEPT =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
const CACHE_MS = 6 * 3600 * 1000;

function readDocument(document: DiscoveryDocument): Known {
  const resources: ApiResource[] = [];
  const groupVersions: string[] = [];
  for (const group of document.items) {
    const name = group.metadata.name ?? '';
    for (const { version, resources: served } of group.versions) {
      groupVersions.push(name ? `${name}/${version}` : version);
      for (const one of served ?? []) {
        resources.push({
          group: name,
          version,
          kind: one.responseKind.kind,
          plural: one.resource,
          singular: one.singularResource,
          scope: one.scope,
          shortNames: one.shortNames ?? [],
          verbs: one.verbs,
          categories: one.categories ?? [],
          subresources: (one.subresources ?? []).map(({ subresource }) => subresource),
        });
      }
    }
  }
  return { resources, groupVersions };
}

function cacheFile(session: Session): string | undefined {
  const { HOME } = session.process.env;
  const host = session.config.server.replace(/^https?:\/\//, '').replace(/[^\w.-]/g, '_');
  return HOME ? joinPath(HOME, `.kube/cache/discovery/${host}/servergroups.json`) : undefined;
}

function readCache(session: Session): Known | undefined {
  const path = cacheFile(session);
  const stat = path ? session.process.files.stat(path) : undefined;
  if (!path || stat?.kind !== 'file' || session.nowMs() - stat.modifiedMs > CACHE_MS) return undefined;
  try {
    return JSON.parse(session.process.files.readText(path)) as Known;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a torn cache file is as good as none
    throw error;
  }
}

function writeCache(session: Session, known: Known): void {
  const path = cacheFile(session);
  if (!path) return;
  session.process.files.makeDirectory(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  session.process.files.write(path, JSON.stringify(known));
}

async function fetchKnown(session: Session): Promise<Known> {
  const get = (path: string): Promise<DiscoveryDocument> =>
    session.json<DiscoveryDocument>({ method: 'GET', path, query: { timeout: '32s' }, accept: ACCEPT });
  const core = readDocument(await get('/api'));
  const groups = readDocument(await get('/apis'));
  return { resources: [...core.resources, ...groups.resources], groupVersions: [...core.groupVersions, ...groups.groupVersions] };
}

const isCalled = (resource: ApiResource, name: string): boolean =>
  resource.plural === name || resource.singular === name || resource.kind.toLowerCase() === name || resource.shortNames.includes(name);

function search(known: Known, word: string): ApiResource | undefined {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  // A word in its exact plural wins over another resource's short name.
  const named = known.resources
    .filter((resource) => isCalled(resource, name))
    .sort((a, b) => Number(b.plural === name || b.singular === name) - Number(a.plural === name || a.singular === name));
  if (rest.length === 0) return named[0];
  const qualifier = rest.join('.');
  // A short name is expanded first, and its expansion forgets the version that was asked for.
  const short = known.resources.find(
    ({ shortNames, plural, group, version }) => shortNames.includes(name) && plural !== name && `${version}.${group}` === qualifier,
  );
  if (short) return known.resources.find(({ group, plural }) => group === short.group && plural === short.plural);
  return named.find(
    ({ group, version }) =>
      group === qualifier || (group ? `${version}.${group}` : version) === qualifier || (group !== '' && group.startsWith(`${qualifier}.`)),
  );
}

/** Discovery over a session; asks the server at most twice (the second time when the cache does not know a word). */
export function createDiscovery(sessionOf: () => Session): Discovery {
  let known: Known | undefined;
  let isFresh = false;
  const fresh = async (): Promise<Known> => {
    const session = sessionOf();
    known = await fetchKnown(session);
    isFresh = true;
    writeCache(session, known);
    return known;
  };
  const load = async (): Promise<Known> => (known ??= readCache(sessionOf()) ?? (await fresh()));
  /** Looks in what is known, then in what the server says now. */
  const find = async <T>(look: (known: Known) => T | undefined): Promise<T | undefined> => {
    const found = look(await load());
    if (found !== undefined || isFresh) return found;
    return look(await fresh());
  };
  return {
    resources: async () => (isFresh ? known! : await fresh()).resources,
    groupVersions: async () => (isFresh ? known! : await fresh()).groupVersions,
    async resourceOf(word) {
      const found = await find((all) => search(all, word));
      if (!found) throw new CommandError(`the server doesn't have a resource type "${word}"`);
      return found;
    },
    resourceOfKind: (apiVersion, kind) =>
      find((all) =>
        all.resources.find(
          (resource) =>
            resource.kind === kind &&
            (resource.group ? `${resource.group}/${resource.version}` : resource.version) === apiVersion &&
            resource.verbs.includes('create'),
        ),
      ),
    async category(word) {
      return (await load()).resources.filter(({ categories }) => categories.includes(word));
    },
  };
}

/** `apps/v1`, `v1`. */
export function apiVersionOfResource(resource: Pick<ApiResource, 'group' | 'version'>): string {
  return resource.group ? `${resource.group}/${resource.version}` : resource.version;
}

/** `deployments.apps`, `pods`. */
export function groupResource(resource: Pick<ApiResource, 'group' | 'plural'>): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}

/** `deployment.apps/web`, `pod/web`: how an object is named in messages. */
export function printedName(resource: Pick<ApiResource, 'group' | 'kind'>, name: string): string {
  const kind = resource.kind.toLowerCase();
  return `${resource.group ? `${kind}.${resource.group}` : kind}/${name}`;
}

/** `/v1, Resource=pods`: Go's form of a GroupVersionResource. */
export function goResource(resource: ApiResource): string {
  return `${resource.group}/${resource.version}, Resource=${resource.plural}`;
}

/** The path of a resource's collection or of one object. */
export function pathOf(
  resource: Pick<ApiResource, 'group' | 'version' | 'plural' | 'scope'>,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`;
  const collection =
    resource.scope === 'Namespaced' && namespace ? `${root}/namespaces/${namespace}/${resource.plural}` : `${root}/${resource.plural}`;
  return [collection, ...(name === undefined ? [] : [encodeURIComponent(name)]), ...(subresource ? [subresource] : [])].join('/');
}

/** Whether a failure is the server saying that it does not know something. */
export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.status.reason === 'NotFound';
}
