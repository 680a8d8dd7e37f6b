/**
 * What a write led to: controllers that heard of it by watch and wrote in their turn, the scheduler, the binding, the kubelet and the
 * runtime. Linked by the UIDs of the objects, for no object carries a trace. Of many pods the first is followed. Pure.
 */
import type { LabEvents } from '#lab';
import type { Hop } from './hops.ts';
import { text } from './span-fields.ts';

type Span = LabEvents['span'];

/** How long after a write something may still count as its consequence, lab milliseconds. */
const WITHIN_MS = 120_000;
/** Owners below owners: CronJob, Job, Pod are three. */
const DEPTH_MAX = 4;

const WRITING = ['create', 'update', 'patch'];

const uidOf = (span: Span): string => text(span, 'k8s.object.uid');
const endOf = ({ wallMs, startMs, endMs }: Span): number => wallMs + endMs - startMs;
const keyOf = (span: Span): string =>
  [text(span, 'k8s.namespace.name'), text(span, 'k8s.object.name')].filter((part) => part !== '').join('/');

interface Search {
  readonly spans: readonly Span[];
  /** Lab wall clock of the command. */
  readonly sinceMs: number;
}

const hopAt = ({ sinceMs }: Search, span: Span, title: string, did: string): Hop => ({
  at: `${span.machine}/${span.component}`,
  title: `${title} on ${span.machine}`,
  did,
  afterMs: span.wallMs - sinceMs,
  tookMs: span.endMs - span.startMs,
});

/** The reconcile in which a controller wrote something. */
function reconcileAround({ spans }: Search, ownerKey: string, write: Span): Span | undefined {
  return spans.find(
    (span) =>
      span.name === 'reconcile' &&
      text(span, 'k8s.object.key') === ownerKey &&
      span.wallMs <= write.wallMs &&
      endOf(span) >= write.wallMs &&
      text(write, 'user_agent.original').includes(text(span, 'controller.name')),
  );
}

/** Writes of objects that `owner` controls, after it was written; the status of an object is no work on it. */
function ownedWrites({ spans }: Search, owner: Span): Span[] {
  return spans.filter(
    (span) =>
      span.component === 'kube-apiserver' &&
      WRITING.includes(text(span, 'k8s.verb')) &&
      !text(span, 'k8s.resource').includes('/') &&
      text(span, 'k8s.object.owner.uid') === uidOf(owner) &&
      span.wallMs >= owner.wallMs &&
      span.wallMs - owner.wallMs <= WITHIN_MS,
  );
}

const SINGULAR: Readonly<Record<string, string>> = { endpointslices: 'EndpointSlice', replicasets: 'ReplicaSet', pods: 'Pod', jobs: 'Job' };
const kindOf = (write: Span): string => SINGULAR[text(write, 'k8s.resource')] ?? text(write, 'k8s.resource');

/** From a pod that was written to its containers. */
function podHops(search: Search, pod: Span): Hop[] {
  const { spans } = search;
  const uid = uidOf(pod);
  const mine = (name: string): Span | undefined =>
    spans.find((span) => span.name === name && text(span, 'k8s.pod.uid') === uid && span.wallMs >= pod.wallMs);
  const api = (resource: string, isIt: (span: Span) => boolean): Span | undefined =>
    spans.find(
      (span) => span.component === 'kube-apiserver' && text(span, 'k8s.resource') === resource && span.wallMs >= pod.wallMs && isIt(span),
    );
  const hops: Hop[] = [];
  const scheduled = mine('schedule');
  const binding = api('pods/binding', (span) => keyOf(span) === keyOf(pod));
  const sync = mine('syncPod');
  if (scheduled)
    hops.push(
      hopAt(
        search,
        scheduled,
        'kube-scheduler',
        `Hears of the pod by watch, weighs the nodes and chooses${sync ? ` ${sync.machine}` : ''}. It starts nothing.`,
      ),
    );
  if (binding)
    hops.push(
      hopAt(
        search,
        binding,
        'kube-apiserver',
        "Takes the scheduler's binding: the pod's spec.nodeName is written, through etcd as before.",
      ),
    );
  if (sync)
    hops.push(hopAt(search, sync, 'kubelet', 'Hears by watch that the pod is its own, sets up its volumes and has the runtime start it.'));
  const sandbox = mine('RunPodSandbox');
  if (sandbox) hops.push(hopAt(search, sandbox, 'containerd', "Makes the pod's sandbox: network namespace, address, the pause container."));
  if (sync) hops.push(...containerHops(search, sync, uid));
  const started = spans.findLast((span) => span.name === 'StartContainer' && text(span, 'k8s.pod.uid') === uid);
  const status = started && api('pods/status', (span) => uidOf(span) === uid && span.wallMs >= started.wallMs);
  if (status)
    hops.push(
      hopAt(search, status, 'kube-apiserver', `Takes the kubelet's report: the containers of ${text(pod, 'k8s.object.name')} run.`),
    );
  return hops;
}

function containerHops(search: Search, sync: Span, uid: string): Hop[] {
  const inside = search.spans.filter(
    (span) => span.machine === sync.machine && span.component === 'containerd' && span.wallMs >= sync.wallMs && span.wallMs <= endOf(sync),
  );
  return inside.flatMap((span) => {
    if (span.name === 'PullImage') return [hopAt(search, span, 'containerd', `Pulls the image ${text(span, 'container.image.name')}.`)];
    if (span.name !== 'StartContainer' || text(span, 'k8s.pod.uid') !== uid) return [];
    return [hopAt(search, span, 'containerd', `Starts the container ${text(span, 'k8s.container.name')}.`)];
  });
}

/** Everything that is known to follow from `write`, in the order of time along one path. */
export function consequences(spans: readonly Span[], write: Span, sinceMs: number): Hop[] {
  const search: Search = { spans, sinceMs };
  const hops: Hop[] = [];
  let current = write;
  for (let depth = 0; depth < DEPTH_MAX && uidOf(current) !== ''; depth++) {
    if (text(current, 'k8s.resource') === 'pods') return [...hops, ...podHops(search, current)];
    const writes = ownedWrites(search, current);
    const next = writes.find((span) => text(span, 'k8s.resource') !== 'endpointslices') ?? writes[0];
    if (!next) return hops;
    const others = new Set(writes.filter((span) => text(span, 'k8s.resource') === text(next, 'k8s.resource')).map(uidOf)).size - 1;
    const reconcile = reconcileAround(search, keyOf(current), next);
    if (reconcile)
      hops.push(
        hopAt(
          search,
          reconcile,
          text(reconcile, 'controller.name'),
          `Hears of ${keyOf(current)} by watch, compares what is with what should be, and writes.`,
        ),
      );
    const more = others > 0 ? ` (and ${others} more like it; this one is followed)` : '';
    hops.push(
      hopAt(
        search,
        next,
        'kube-apiserver',
        `${text(next, 'k8s.verb')} ${kindOf(next)} ${text(next, 'k8s.object.name')}${more}, through etcd as before.`,
      ),
    );
    current = next;
  }
  return hops;
}
