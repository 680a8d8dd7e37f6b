/** ConfigMaps and Secrets that pods of this node name: each is watched by itself while a pod names it (the kubelet's watch-based manager). */
import { notFound, type KubeObject } from '#apimachinery';
import { createInformer, type Resource, type RestClient } from '#client';
import type { Process } from '#host';

/** Objects of one kind by namespace and name. */
export interface ObjectCache<T> {
  /** The object as last seen. Rejects with StatusError where there is none, with Error where it could not be read within a second. */
  get(namespace: string, name: string): Promise<T>;
  /** Stops watching what is not among `namespace/name`. */
  keepOnly(keys: ReadonlySet<string>): void;
}

const SYNC_TIMEOUT_MS = 1_000;

/** A cache of one kind; `kind` is how messages name it (`configmap`). */
export function createObjectCache<T extends KubeObject>(
  { clock, random, telemetry }: Process,
  client: RestClient,
  resource: Resource<T>,
  kind: string,
): ObjectCache<T> {
  const jitter = random.fork(`${kind}s`);
  const watched = new Map<string, { informer: ReturnType<typeof createInformer<T>>; aborter: AbortController }>();
  const watch = (namespace: string, name: string) => {
    const key = `${namespace}/${name}`;
    const known = watched.get(key);
    if (known) return known;
    const scope = { namespace, fieldSelector: `metadata.name=${name}` };
    const made = {
      informer: createInformer(resource, { client, clock, random: jitter.fork(key), telemetry, ...scope }),
      aborter: new AbortController(),
    };
    made.informer.run(made.aborter.signal);
    watched.set(key, made);
    return made;
  };
  return {
    async get(namespace, name) {
      const { informer } = watch(namespace, name);
      if (!informer.hasSynced) {
        const isLate = await Promise.race([informer.synced().then(() => false), clock.sleep(SYNC_TIMEOUT_MS).then(() => true)]);
        if (isLate) throw new Error(`failed to sync ${kind} cache: timed out waiting for the condition`);
      }
      const object = informer.lister.get(`${namespace}/${name}`);
      if (!object) throw notFound({ group: '', resource: kind }, name);
      return object;
    },
    keepOnly(keys) {
      for (const [key, { aborter }] of watched) {
        if (keys.has(key)) continue;
        aborter.abort(new Error('no pod names it any more'));
        watched.delete(key);
      }
    },
  };
}
