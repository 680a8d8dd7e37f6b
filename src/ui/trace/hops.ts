/**
 * One kubectl command as the hops that its request took and the work it led to: joined from the spans that the machines told. What belongs
 * to the request carries its trace id; what follows from it later is found by the objects it wrote, their UIDs and their owners. Pure.
 */
import type { LabEvents } from '#lab';
import { consequences } from './consequences.ts';
import { count, text } from './span-fields.ts';

/** A span as the lab tells it. */
export type Span = LabEvents['span'];

/** A station of the request, in the order of time. */
export interface Hop {
  /** Key of the thing on the map: `machine` or `machine/component`. */
  readonly at: string;
  readonly title: string;
  /** What was done there, a sentence or a few. */
  readonly did: string;
  /** Lab milliseconds since the command began; undefined where nothing was timed. */
  readonly afterMs?: number;
  readonly tookMs?: number;
}

/** A command and what became of it. */
export interface FollowedRequest {
  readonly traceId: string;
  readonly command: string;
  /** Lab wall clock. */
  readonly wallMs: number;
  readonly hops: readonly Hop[];
  /** How many of the hops are the request's own; the rest followed from it. */
  readonly ownHops: number;
  /** Requests of the same command before the one that is shown. */
  readonly earlierRequests: number;
}

const READING = ['get', 'list', 'watch'];
const isEtcdCall = ({ name }: Span): boolean => name.startsWith('etcd ');

/** `1.3 ms`, `0.9 s`. */
export function tookText(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

const took = ({ startMs, endMs }: Span): number => endMs - startMs;
const byTime = (a: Span, b: Span): number => a.wallMs - b.wallMs;
const below = (spans: readonly Span[], parent: Span): Span[] =>
  spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId).sort(byTime);

/** The commands that can be followed, newest first. */
export function commandsIn(spans: readonly Span[]): Span[] {
  return spans
    .filter(({ component, name, parentSpanId }) => component === 'kubectl' && name === 'kubectl' && parentSpanId === undefined)
    .reverse();
}

/** What the command line was. */
export const commandOf = (root: Span): string => `kubectl ${text(root, 'process.command_args')}`.trim();

/** The request of a command that matters: its last write, else its last read. */
function mainRequest(requests: readonly Span[]): Span | undefined {
  return requests.findLast((span) => !READING.includes(text(span, 'k8s.verb'))) ?? requests.at(-1);
}

function apiserverHop(main: Span, stages: readonly Span[], sinceMs: number): Hop {
  const chain = stages.filter((stage) => !isEtcdCall(stage)).map((stage) => `${stage.name} ${tookText(took(stage))}`);
  const answer = `answers ${text(main, 'http.response.status_code')}`;
  const who = text(main, 'enduser.id');
  return {
    at: `${main.machine}/kube-apiserver`,
    title: `kube-apiserver on ${main.machine}`,
    did: `${text(main, 'http.request.method')} ${text(main, 'url.path')}${who ? ` as ${who}` : ''}: ${[...chain, 'storage', answer].join(' → ')}.`,
    afterMs: main.wallMs - sinceMs,
    tookMs: took(main),
  };
}

/** The write in etcd: who proposes, who appends, when it counts. */
function raftHops(own: readonly Span[], call: Span, sinceMs: number): Hop[] {
  const propose = below(own, call).find(({ name }) => name === 'etcdserver.propose');
  if (!propose) return [];
  const appends = below(own, propose).filter(({ name }) => name === 'raft.append');
  const applies = below(own, propose).filter(({ name }) => name === 'etcdserver.apply');
  const leader = appends.find((span) => text(span, 'raft.role') === 'leader');
  const hop = (span: Span, title: string, did: string): Hop => ({
    at: `${span.machine}/etcd`,
    title,
    did,
    afterMs: span.wallMs - sinceMs,
    tookMs: took(span),
  });
  const index = leader ? count(leader, 'raft.index') : 0;
  const hops: Hop[] = [];
  if (leader && leader.machine !== propose.machine)
    hops.push(
      hop(propose, `etcd on ${propose.machine}, a follower`, `Takes the transaction and hands it to the leader, ${leader.machine}.`),
    );
  if (leader)
    hops.push(
      hop(
        leader,
        `etcd on ${leader.machine}, the leader`,
        `Appends entry ${index} of term ${count(leader, 'raft.term')} to its log on disk and sends it to the followers.`,
      ),
    );
  for (const span of appends.filter((each) => each !== leader))
    hops.push(hop(span, `etcd on ${span.machine}, a follower`, `Appends entry ${index} to its log on disk and says so.`));
  const first = applies.sort(byTime)[0];
  if (first)
    hops.push(
      hop(
        first,
        `etcd on ${first.machine}`,
        `More than half of the members have the entry: it is committed, and applied as revision ${count(first, 'etcd.revision')}. Watches hear of it.`,
      ),
    );
  return hops;
}

function readHop(call: Span, sinceMs: number): Hop {
  return {
    at: `${call.machine}/etcd`,
    title: `etcd on ${call.machine}`,
    did: 'Reads, once the leader has confirmed that it still leads: nothing newer can be missed.',
    afterMs: call.wallMs - sinceMs,
    tookMs: took(call),
  };
}

/** The hops of the command whose span is `root`. */
export function followRequest(spans: readonly Span[], root: Span, loadBalancer: string | undefined): FollowedRequest {
  const own = spans.filter(({ traceId }) => traceId === root.traceId);
  const requests = below(own, root).filter(({ component }) => component === 'kube-apiserver');
  const main = mainRequest(requests);
  const hops: Hop[] = [{ at: root.machine, title: `kubectl on ${root.machine}`, did: commandOf(root), afterMs: 0, tookMs: took(root) }];
  if (!main) {
    const did = 'No API server has told of a request of this command: it sent none, or nobody answered.';
    const all = [...hops, { at: root.machine, title: 'And then', did }];
    return { traceId: root.traceId, command: commandOf(root), wallMs: root.wallMs, hops: all, ownHops: all.length, earlierRequests: 0 };
  }
  if (loadBalancer)
    hops.push({
      at: loadBalancer,
      title: 'load balancer',
      did: `Hands the connection to a healthy API server: the one on ${main.machine}.`,
    });
  const stages = below(own, main);
  hops.push(apiserverHop(main, stages, root.wallMs));
  const call = stages.findLast(isEtcdCall);
  const raft = stages.filter(isEtcdCall).flatMap((each) => raftHops(own, each, root.wallMs));
  hops.push(...raft);
  if (call && raft.length === 0) hops.push(readHop(call, root.wallMs));
  return {
    traceId: root.traceId,
    command: commandOf(root),
    wallMs: root.wallMs,
    hops: [...hops, ...consequences(spans, main, root.wallMs)],
    ownHops: hops.length,
    earlierRequests: requests.length - 1,
  };
}

/** Numbers of the hops by what they stand at: `1`, or `3 6` where a request came by more than once. */
export function hopNumbers(followed: FollowedRequest | undefined): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>();
  followed?.hops.forEach(({ at }, index) => numbers.set(at, [numbers.get(at), index + 1].filter((each) => each !== undefined).join(' ')));
  return numbers;
}
