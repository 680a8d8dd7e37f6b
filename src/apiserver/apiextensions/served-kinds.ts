/**
 * The kinds this server answers for: the built-in ones, the questions, and those of established CustomResourceDefinitions, which come and
 * go with the definitions in the watch cache. Every server of a cluster follows them by itself. A definition whose spec changes is served
 * anew: its old kinds' caches end, and so do their watches (apiextensions-apiserver's crdHandler).
 */
import { apiVersionOf, kindByGroupKind, kindsOfDefinition, type CustomResourceDefinition, type Kind } from '#api';
import { findCondition, isConditionTrue, maybeParseTime, methodNotSupported } from '#apimachinery';
import type { Clock, Crypto } from '#host';
import { builtInKinds } from '../reviews/kinds.ts';
import type { WatchCaches } from '../watch-cache/caches.ts';

/** How long a new definition may be unknown to other servers: objects are created only after that. */
const SETTLING_MS = 2_000;
/** Bytes of the digest that discovery shows of a storage version. */
const HASH_BYTES = 8;

/** The kinds and what is known of them. */
export interface ServedKinds {
  /** Built-in kinds first; a new list whenever something changed. */
  readonly all: readonly Kind[];
  /** The kind served at /apis/GROUP/VERSION/PLURAL. */
  at(group: string, version: string, plural: string): Kind | undefined;
  /** Settles when an object of the kind may be created; rejects while its definition is being deleted. */
  readyForCreation(kind: Kind): Promise<void>;
  /** The kinds of a definition, served or not yet. */
  ofDefinition(crd: CustomResourceDefinition): readonly Kind[];
  /** Hears of every new list. */
  onChange(listener: (kinds: readonly Kind[]) => void): void;
  /** Follows the definitions; settles when those that are there are served. */
  start(): Promise<void>;
}

interface Definition {
  /** What its kinds were made from. */
  readonly source: string;
  readonly kinds: readonly Kind[];
}

const definitionKind = kindByGroupKind('apiextensions.k8s.io', 'CustomResourceDefinition')!;

/** Where a definition is served. */
const isServed = (crd: CustomResourceDefinition): boolean => isConditionTrue(crd.status?.conditions as never, 'Established');

class Registry implements ServedKinds {
  all: readonly Kind[] = builtInKinds;
  private byPath = new Map<string, Kind>();
  private definitions = new Map<string, Definition>();
  private readonly listeners: ((kinds: readonly Kind[]) => void)[] = [];
  private owners = new Map<Kind, CustomResourceDefinition>();

  constructor(
    private readonly caches: WatchCaches,
    private readonly clock: Clock,
    private readonly crypto: Crypto,
  ) {
    this.index();
  }

  private index(): void {
    this.byPath = new Map(this.all.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));
  }

  at(group: string, version: string, plural: string): Kind | undefined {
    return this.byPath.get(`${group ? `${group}/${version}` : version}/${plural}`);
  }

  async readyForCreation(kind: Kind): Promise<void> {
    const crd = this.owners.get(kind);
    if (!crd) return;
    if (isConditionTrue(crd.status?.conditions as never, 'Terminating')) {
      const error = methodNotSupported({ group: kind.group, resource: kind.plural }, 'create');
      error.status.message = 'create not allowed while custom resource definition is terminating';
      throw error;
    }
    const since = maybeParseTime(findCondition(crd.status?.conditions, 'Established')?.lastTransitionTime) ?? 0;
    if (this.clock.wallMs() - since < SETTLING_MS) await this.clock.sleep(SETTLING_MS);
  }

  ofDefinition(crd: CustomResourceDefinition): readonly Kind[] {
    const { uid = '', name } = crd.metadata;
    const source = JSON.stringify([uid, crd.spec, crd.status?.acceptedNames]);
    const known = this.definitions.get(name);
    if (known?.source === source) return known.kinds;
    const storage = crd.spec.versions.find((version) => version.storage)?.name ?? '';
    const digest = this.crypto.sha256(`${crd.spec.group}/${storage}/${crd.spec.names.kind}`).subarray(0, HASH_BYTES);
    const kinds = kindsOfDefinition(crd, btoa(String.fromCharCode(...digest)));
    this.definitions.set(name, { source, kinds });
    return kinds;
  }

  private follow(): void {
    const cache = this.caches.of(definitionKind);
    const definitions = cache.list().map(({ object }) => object as unknown as CustomResourceDefinition);
    const owners = new Map<Kind, CustomResourceDefinition>();
    for (const crd of definitions.filter(isServed)) for (const kind of this.ofDefinition(crd)) owners.set(kind, crd);
    const gone = [...this.owners.keys()].filter((kind) => !owners.has(kind));
    const isChanged = gone.length > 0 || owners.size !== this.owners.size;
    this.owners = owners;
    const names = new Set(definitions.map(({ metadata }) => metadata.name));
    for (const name of this.definitions.keys()) if (!names.has(name)) this.definitions.delete(name);
    if (!isChanged) return;
    this.all = [...builtInKinds, ...owners.keys()];
    this.index();
    for (const kind of gone) this.caches.drop(kind);
    for (const listener of this.listeners) listener(this.all);
  }

  onChange(listener: (kinds: readonly Kind[]) => void): void {
    this.listeners.push(listener);
  }

  async start(): Promise<void> {
    const cache = this.caches.of(definitionKind);
    const follow = (): void => this.follow();
    cache.addWatcher({ scope: {}, onChange: follow, onProgress: () => undefined, onEnd: follow });
    await cache.start();
    follow();
  }
}

/** Makes the registry; until it has started it knows the built-in kinds. */
export function createServedKinds(caches: WatchCaches, clock: Clock, crypto: Crypto): ServedKinds {
  return new Registry(caches, clock, crypto);
}
