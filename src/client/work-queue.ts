/**
 * The work queue of controllers (client-go util/workqueue): a key is in it once, a key in work is not handed out again but
 * comes back when done, failures come back later and later, and over all failures a bucket holds the rate.
 */
import type { Clock, Counter, Gauge, Histogram, Telemetry } from '#host';
import { tokenBucket } from './back-off.ts';

/** A queue of keys. */
export interface WorkQueue {
  add(key: string): void;
  /** Adds after a delay; of several waits for the same key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Adds after the back-off of the key's failures (5 ms · 2ⁿ, at most 1000 s; 10 a second with bursts of 100 over all keys). */
  addRateLimited(key: string): void;
  /** The next key, or undefined once the queue is shut down and empty. */
  get(): Promise<string | undefined>;
  /** The key's work has ended; without it the key is never handed out again. */
  done(key: string): void;
  /** The key succeeded: its failures are forgotten. */
  forget(key: string): void;
  numRequeues(key: string): number;
  readonly length: number;
  /** No more keys are taken; workers get what is left and then undefined. */
  shutDown(): void;
}

/** What a queue stands on. `name` labels its metrics. */
export interface WorkQueueOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly telemetry?: Telemetry;
  /** Default 5 ms. */
  readonly baseDelayMs?: number;
  /** Default 1,000,000 ms. */
  readonly maxDelayMs?: number;
}

const BUCKET_PER_SECOND = 10;
const BUCKET_BURST = 100;
const DURATION_BUCKETS: readonly number[] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

interface QueueMetrics {
  readonly depth: Gauge;
  readonly adds: Counter;
  readonly retries: Counter;
  readonly waited: Histogram;
  readonly worked: Histogram;
}

function metricsOf(telemetry: Telemetry): QueueMetrics {
  const { metrics } = telemetry;
  return {
    depth: metrics.gauge('workqueue_depth', 'Current depth of workqueue', ['name']),
    adds: metrics.counter('workqueue_adds_total', 'Total number of adds handled by workqueue', ['name']),
    retries: metrics.counter('workqueue_retries_total', 'Total number of retries handled by workqueue', ['name']),
    waited: metrics.histogram(
      'workqueue_queue_duration_seconds',
      'How long in seconds an item stays in workqueue before being requested.',
      DURATION_BUCKETS,
      ['name'],
    ),
    worked: metrics.histogram(
      'workqueue_work_duration_seconds',
      'How long in seconds processing an item from workqueue takes.',
      DURATION_BUCKETS,
      ['name'],
    ),
  };
}

/** An empty queue. */
export function workQueue(options: WorkQueueOptions): WorkQueue {
  const { name, clock, baseDelayMs = 5, maxDelayMs = 1_000_000 } = options;
  const metrics = options.telemetry && metricsOf(options.telemetry);
  const ready: string[] = [];
  /** Keys that need work; a superset of `ready`. */
  const dirty = new Set<string>();
  const inWork = new Map<string, number>();
  const addedMs = new Map<string, number>();
  const failures = new Map<string, number>();
  const delayed = new Map<string, { dueMs: number; stop: () => void }>();
  const bucket = tokenBucket(BUCKET_PER_SECOND, BUCKET_BURST);
  const workers: ((key: string | undefined) => void)[] = [];
  let isShutDown = false;

  const hand = (key: string): void => {
    const now = clock.monotonicMs();
    dirty.delete(key);
    inWork.set(key, now);
    metrics?.waited.observe((now - (addedMs.get(key) ?? now)) / 1000, name);
    addedMs.delete(key);
    metrics?.depth.set(ready.length, name);
  };
  const enqueue = (key: string): void => {
    const worker = workers.shift();
    if (worker) {
      hand(key);
      worker(key);
    } else {
      ready.push(key);
      metrics?.depth.set(ready.length, name);
    }
  };
  const queue: WorkQueue = {
    add(key) {
      if (isShutDown || dirty.has(key)) return;
      metrics?.adds.add(1, name);
      addedMs.set(key, clock.monotonicMs());
      dirty.add(key);
      if (!inWork.has(key)) enqueue(key);
    },
    addAfter(key, ms) {
      if (isShutDown) return;
      if (ms <= 0) return queue.add(key);
      const dueMs = clock.monotonicMs() + ms;
      const waiting = delayed.get(key);
      if (waiting && waiting.dueMs <= dueMs) return;
      waiting?.stop();
      const stop = clock.after(ms, () => {
        delayed.delete(key);
        queue.add(key);
      });
      delayed.set(key, { dueMs, stop });
    },
    addRateLimited(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      metrics?.retries.add(1, name);
      const backOffMs = Math.min(baseDelayMs * 2 ** Math.min(count, 40), maxDelayMs);
      queue.addAfter(key, Math.max(backOffMs, bucket.reserve(clock.monotonicMs())));
    },
    get() {
      const key = ready.shift();
      if (key !== undefined) {
        hand(key);
        return Promise.resolve(key);
      }
      if (isShutDown) return Promise.resolve(undefined);
      return new Promise((resolve) => workers.push(resolve));
    },
    done(key) {
      const startedMs = inWork.get(key);
      if (startedMs !== undefined) metrics?.worked.observe((clock.monotonicMs() - startedMs) / 1000, name);
      inWork.delete(key);
      if (dirty.has(key)) enqueue(key);
    },
    forget: (key) => void failures.delete(key),
    numRequeues: (key) => failures.get(key) ?? 0,
    get length() {
      return ready.length;
    },
    shutDown() {
      isShutDown = true;
      for (const { stop } of delayed.values()) stop();
      delayed.clear();
      for (const worker of workers.splice(0)) worker(undefined);
    },
  };
  return queue;
}
