/**
 * Leader election by Lease (client-go tools/leaderelection): who holds and renews the Lease acts; who sees it unchanged for
 * the lease duration, by its own clock, takes it. Losing it is final: the process ends, so that nobody acts on old knowledge.
 */
import type { Lease } from '#api';
import { formatMicroTime, isNotFound } from '#apimachinery';
import type { Clock, Random, Telemetry } from '#host';
import type { EventRecorder } from './event-recorder.ts';
import { resources } from './resource.ts';
import type { RestClient } from './rest-client.ts';

/** How to elect. Durations in milliseconds; defaults 15,000, 10,000 and 2,000 as the components have them. */
export interface LeaderElectionOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly name: string;
  /** Default `kube-system`. */
  readonly namespace?: string;
  /** `<host name>_<uuid>`. */
  readonly identity: string;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Tells of taking over (`LeaderElection`, "x became leader"). */
  readonly events?: EventRecorder;
  /** Called once, when this process holds the Lease. */
  onStartedLeading(): void;
  /** Called when another holder was seen. */
  onNewLeader?(identity: string): void;
}

const JITTER = 1.2;

interface Observed {
  /** The Lease's spec as text: any change starts the lease duration anew. */
  record: string;
  atMs: number;
  lease: Lease | undefined;
}

interface Attempt {
  readonly options: LeaderElectionOptions;
  readonly observed: Observed;
  reportedLeader: string;
  signal: AbortSignal;
}

/** The Lease this process wants to write over what it saw; undefined while somebody else holds a live one. */
export function planLease(
  current: Lease | undefined,
  identity: string,
  leaseDurationMs: number,
  observedAgeMs: number,
  nowWallMs: number,
): Lease['spec'] | undefined {
  const now = formatMicroTime(nowWallMs);
  const old = current?.spec;
  const seconds = Math.max(1, Math.round(leaseDurationMs / 1000));
  const fresh = { holderIdentity: identity, leaseDurationSeconds: seconds, acquireTime: now, renewTime: now, leaseTransitions: 0 };
  if (!old) return fresh;
  if (old.holderIdentity === identity)
    return { ...fresh, acquireTime: old.acquireTime ?? now, leaseTransitions: old.leaseTransitions ?? 0 };
  const heldMs = (old.leaseDurationSeconds ?? seconds) * 1000;
  if (old.holderIdentity && observedAgeMs < heldMs) return undefined;
  return { ...fresh, leaseTransitions: (old.leaseTransitions ?? 0) + 1 };
}

function observe(attempt: Attempt, lease: Lease | undefined): void {
  const record = JSON.stringify(lease?.spec ?? null);
  if (record !== attempt.observed.record || !attempt.observed.lease) {
    attempt.observed.record = record;
    attempt.observed.atMs = attempt.options.clock.monotonicMs();
  }
  attempt.observed.lease = lease;
  const holder = lease?.spec?.holderIdentity ?? '';
  if (holder && holder !== attempt.reportedLeader) {
    attempt.reportedLeader = holder;
    attempt.options.onNewLeader?.(holder);
  }
}

/** One try to take or renew. Rejects with what the client rejects with; false while another holds the Lease. */
async function maybeAcquire(attempt: Attempt): Promise<boolean> {
  const { options, observed, signal } = attempt;
  const { client, clock, name, identity, namespace = 'kube-system', leaseDurationMs = 15_000, renewDeadlineMs = 10_000 } = options;
  const limits = { signal, timeoutMs: renewDeadlineMs / 2 };
  const write = async (current: Lease | undefined): Promise<boolean> => {
    const spec = planLease(current, identity, leaseDurationMs, clock.monotonicMs() - observed.atMs, clock.wallMs());
    if (!spec) return false;
    const lease: Lease = current
      ? { ...current, spec }
      : { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
    observe(attempt, current ? await client.update(resources.leases, lease, limits) : await client.create(resources.leases, lease, limits));
    return true;
  };
  // The holder writes over what it wrote last without reading first; if that fails it reads and tries in full.
  if (observed.lease?.spec?.holderIdentity === identity) {
    try {
      return await write(observed.lease);
    } catch (error) {
      options.telemetry.log(
        'error',
        `Failed to update lease optimistically, falling back to slow path: ${String(error instanceof Error ? error.message : error)}`,
      );
    }
  }
  let current: Lease | undefined;
  try {
    current = await client.get(resources.leases, name, namespace, limits);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  observe(attempt, current);
  return write(current);
}

async function tryOnce(attempt: Attempt): Promise<boolean> {
  const { options } = attempt;
  try {
    return await maybeAcquire(attempt);
  } catch (error) {
    if (!attempt.signal.aborted)
      options.telemetry.log(
        'error',
        `error retrieving resource lock ${options.namespace ?? 'kube-system'}/${options.name}: ${error instanceof Error ? error.message : String(error)}`,
      );
    return false;
  }
}

/** Renews until it did not succeed for the renew deadline, or the signal aborts. */
async function renew(attempt: Attempt, cancelled: AbortSignal): Promise<void> {
  const { clock, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = attempt.options;
  for (let renewedMs = clock.monotonicMs(); !cancelled.aborted;) {
    const remainingMs = renewDeadlineMs - (clock.monotonicMs() - renewedMs);
    // Less than the clock's grain is over as well, or the last instant would be tried again for ever.
    if (remainingMs < 1) return;
    const deadline = new AbortController();
    const stop = clock.after(remainingMs, () => deadline.abort(new Error('context deadline exceeded')));
    const onCancel = (): void => deadline.abort(cancelled.reason);
    cancelled.addEventListener('abort', onCancel, { once: true });
    attempt.signal = deadline.signal;
    const renewed = await tryOnce(attempt);
    stop();
    cancelled.removeEventListener('abort', onCancel);
    // A process that was frozen past its deadline finds here that its time is over, whatever the answer was.
    if (clock.monotonicMs() - renewedMs > renewDeadlineMs) return;
    if (renewed) renewedMs = clock.monotonicMs();
    if (!cancelled.aborted) await clock.sleep(Math.min(retryPeriodMs, Math.max(0, renewDeadlineMs - (clock.monotonicMs() - renewedMs))));
  }
}

/**
 * Waits for the Lease, leads, and resolves once it is lost (`lost`) or was given up because `signal` aborted (`released`).
 * As in the real components the caller ends its process then.
 */
export async function leaderElect(options: LeaderElectionOptions, signal: AbortSignal): Promise<'lost' | 'released'> {
  const { clock, random, telemetry, name, namespace = 'kube-system', retryPeriodMs = 2_000 } = options;
  const attempt: Attempt = { options, observed: { record: '', atMs: clock.monotonicMs(), lease: undefined }, reportedLeader: '', signal };
  telemetry.facts({ leader: false });
  telemetry.log('info', `attempting to acquire leader lease ${namespace}/${name}...`);
  while (!(await tryOnce(attempt))) {
    if (signal.aborted) return 'released';
    await clock.sleep(retryPeriodMs * (1 + random.next() * JITTER));
    if (signal.aborted) return 'released';
  }
  telemetry.log('info', `successfully acquired lease ${namespace}/${name}`);
  telemetry.facts({ leader: true });
  if (attempt.observed.lease)
    options.events?.event(attempt.observed.lease, 'Normal', 'LeaderElection', `${options.identity} became leader`);
  options.onStartedLeading();
  await renew(attempt, signal);
  telemetry.facts({ leader: false });
  return signal.aborted ? 'released' : 'lost';
}
