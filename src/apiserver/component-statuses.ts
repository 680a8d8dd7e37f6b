/** ComponentStatus (v1, deprecated): nothing stored, the components are asked when somebody looks (registry/core/componentstatus). */
import type { Kind } from '#api';
import { notFound, type KubeObject } from '#apimachinery';
import type { Core, Exchange, ObjectReply } from './core.ts';
import { objectReply } from './core.ts';
import type { ListResult } from './registry/list.ts';
import { versionOf } from './watch-cache/version.ts';

/** Where scheduler and controller manager serve their health on this host. */
const ports: Readonly<Record<string, number>> = { scheduler: 10_259, 'controller-manager': 10_257 };
const names = ['etcd-0', 'scheduler', 'controller-manager'];

/** The columns of the kind are in the kind itself; this is one condition of an object. */
interface Condition {
  readonly type: 'Healthy';
  readonly status: 'True' | 'False';
  readonly message?: string;
  readonly error?: string;
}

async function conditionOf(core: Core, name: string): Promise<Condition> {
  const port = ports[name];
  try {
    if (port === undefined) await core.store.currentRevision();
    else if (core.probe) {
      const { status, text } = await core.probe(port, '/healthz');
      if (status !== 200) return { type: 'Healthy', status: 'False', message: text, error: '' };
    }
    return { type: 'Healthy', status: 'True', message: 'ok' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = port === undefined ? reason : `Get "https://127.0.0.1:${port}/healthz": ${reason}`;
    return { type: 'Healthy', status: 'False', message };
  }
}

const objectOf = async (core: Core, name: string): Promise<KubeObject> =>
  ({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name, creationTimestamp: null },
    conditions: [await conditionOf(core, name)],
  }) as unknown as KubeObject;

/** Serves get and list. Throws 404 for a component there is not. */
export async function serveComponentStatuses(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply | ListResult> {
  const { name } = exchange.info;
  if (name) {
    if (!names.includes(name)) throw notFound({ group: '', resource: kind.plural }, name);
    return objectReply(200, await objectOf(core, name), kind);
  }
  const objects = await Promise.all(names.map((each) => objectOf(core, each)));
  return { kind, metadata: {}, items: objects.map((object) => versionOf(object.metadata.name, object, 0)) };
}
