/** Finding the pod and container that logs, exec, attach and port-forward mean. */
import { formatLabelSelector, type KubeObject, type LabelSelector } from '#apimachinery';
import type { Pod } from '#api';
import { pathOf, type ApiResource } from './discovery.ts';
import { CommandError } from './errors.ts';
import type { Session } from './session.ts';

/** kubectl.kubernetes.io/default-container */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

type Owner = KubeObject & { spec?: { selector?: LabelSelector | Record<string, string> } };

function selectorText(owner: Owner): string {
  const selector = owner.spec?.selector;
  if (!selector) throw new CommandError(`cannot get the selector of ${owner.kind.toLowerCase()}/${owner.metadata.name}`);
  if (owner.kind === 'Service' || owner.kind === 'ReplicationController')
    return Object.entries(selector as Record<string, string>)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
  return formatLabelSelector(selector as LabelSelector);
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Pods of a selector, the best to talk to first: running and ready, then older. */
export async function podsOf(session: Session, namespace: string, labelSelector: string): Promise<Pod[]> {
  const list = await session.json<{ items: Pod[] }>({
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { labelSelector },
  });
  const rank = (pod: Pod): number => (pod.spec?.nodeName ? 0 : 4) + (pod.status?.phase === 'Running' ? 0 : 2) + (isReady(pod) ? 0 : 1);
  return list.items.map((pod) => ({ ...pod, apiVersion: 'v1' as const, kind: 'Pod' as const })).sort((a, b) => rank(a) - rank(b));
}

/** The pod a word means: a pod's name, `pod/name`, or a workload's `deploy/name` (its best pod). */
export async function podOf(session: Session, word: string): Promise<Pod> {
  const slash = word.indexOf('/');
  const resource: ApiResource | undefined = slash < 0 ? undefined : await session.discovery.resourceOf(word.slice(0, slash));
  const name = word.slice(slash + 1);
  if (!resource || (resource.plural === 'pods' && resource.group === ''))
    return session.json<Pod>({
      method: 'GET',
      path: `/api/v1/namespaces/${session.namespace}/pods/${encodeURIComponent(name)}`,
      accept: 'application/json, */*',
    });
  const owner = await session.json<Owner>({ method: 'GET', path: pathOf(resource, session.namespace, name) });
  const [pod] = await podsOf(session, session.namespace, selectorText(owner));
  if (!pod) throw new CommandError(`timed out waiting for the condition`);
  return pod;
}

/** All pods of a workload. */
export async function podsOfWorkload(session: Session, word: string): Promise<Pod[]> {
  const [type = '', name = ''] = word.split('/');
  const resource = await session.discovery.resourceOf(type);
  if (resource.plural === 'pods') return [await podOf(session, word)];
  return podsOf(
    session,
    session.namespace,
    selectorText(await session.json<Owner>({ method: 'GET', path: pathOf(resource, session.namespace, name) })),
  );
}

/** Names of a pod's containers: init, regular, ephemeral. */
export function containerNames(pod: Pod): { init: string[]; regular: string[]; ephemeral: string[]; all: string[] } {
  const names = (containers: readonly { name: string }[] | undefined): string[] => (containers ?? []).map(({ name }) => name);
  const [init, regular, ephemeral] = [names(pod.spec?.initContainers), names(pod.spec?.containers), names(pod.spec?.ephemeralContainers)];
  return { init, regular, ephemeral, all: [...init, ...regular, ...ephemeral] };
}

/** The container to use; tells on stderr which one when there was a choice. Throws CommandError for an unknown one. */
export async function containerOf(session: Session, pod: Pod, asked: string, quiet: boolean): Promise<string> {
  const { init, regular, ephemeral, all } = containerNames(pod);
  if (asked) {
    if (!all.includes(asked)) throw new CommandError(`container ${asked} not found in pod ${pod.metadata.name}`);
    return asked;
  }
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (annotated && all.includes(annotated)) return annotated;
  const [first] = regular;
  if (first === undefined) throw new CommandError(`pod ${pod.metadata.name} has no containers`);
  if (all.length > 1 && !quiet) {
    const list = [...regular, ...ephemeral.map((name) => `${name} (ephem)`), ...init.map((name) => `${name} (init)`)].join(', ');
    await session.err(`Defaulted container "${first}" out of: ${list}\n`);
  }
  return first;
}
