/** Waiting for objects: a list of one by field selector and a watch from there, as kubectl wait and delete do. */
import type { KubeObject, WatchEvent } from '#apimachinery';
import { pathOf, isNotFound, type ApiResource } from './discovery.ts';
import { CommandError } from './errors.ts';
import type { Session } from './session.ts';

/** The object that is waited for. */
export interface Awaited {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Another object of that name (a new life) counts as gone. */
  readonly uid?: string | undefined;
}

const REWATCH_PAUSE_MS = 1_000;

/** One pass: lists, then watches until `done` says true or the watch ends. True when done. */
async function watchOnce(
  session: Session,
  awaited: Awaited,
  done: (object: KubeObject | undefined) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const path = pathOf(awaited.resource, awaited.namespace);
  const fieldSelector = `metadata.name=${awaited.name}`;
  const list = await session.json<{ metadata: { resourceVersion?: string }; items: KubeObject[] }>({
    method: 'GET',
    path,
    query: { fieldSelector, limit: 500 },
    signal,
  });
  if (done(list.items[0])) return true;
  const response = await session.send({
    method: 'GET',
    path,
    query: {
      fieldSelector,
      resourceVersion: list.metadata.resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: 540,
      watch: 'true',
    },
    timeoutMs: Infinity,
    signal,
  });
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.chunks()) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (!line) continue;
      const event = JSON.parse(line) as WatchEvent<KubeObject>;
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'ERROR') return false;
      if (done(event.type === 'DELETED' ? undefined : event.object)) {
        response.cancel();
        return true;
      }
    }
  }
  return false;
}

/** Resolves true when `done` accepts the object (undefined: it is not there), false after `timeoutMs`. */
export async function waitFor(
  session: Session,
  awaited: Awaited,
  timeoutMs: number,
  done: (object: KubeObject | undefined) => boolean,
): Promise<boolean> {
  const { clock } = session.process;
  const control = new AbortController();
  let timedOut = false;
  const stop =
    timeoutMs === Infinity
      ? undefined
      : clock.after(timeoutMs, () => {
          timedOut = true;
          control.abort();
        });
  try {
    for (;;) {
      if (await watchOnce(session, awaited, done, control.signal)) return true;
      if (timedOut) return false;
      await clock.sleep(REWATCH_PAUSE_MS);
    }
  } catch (error) {
    if (timedOut) return false;
    throw error;
  } finally {
    stop?.();
  }
}

/** Waits until an object is gone; throws CommandError after `timeoutMs`. */
export async function waitUntilGone(session: Session, awaited: Awaited, timeoutMs: number): Promise<void> {
  const isGone = (object: KubeObject | undefined): boolean =>
    object === undefined || (awaited.uid !== undefined && object.metadata.uid !== awaited.uid);
  try {
    const live = await session.json<KubeObject>({ method: 'GET', path: pathOf(awaited.resource, awaited.namespace, awaited.name) });
    if (isGone(live)) return;
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (!(await waitFor(session, awaited, timeoutMs, isGone)))
    throw new CommandError(`timed out waiting for the condition on ${awaited.resource.plural}/${awaited.name}`);
}
