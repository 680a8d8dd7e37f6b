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

/** The queue's state; see WorkQueue for what its methods promise. */
class KeyQueue implements WorkQueue {
  private readonly ready: string[] = [];
  /** Keys that need work; a superset of `ready`. */
  private readonly dirty = new Set<string>();
  /** Keys in work, with the time their work began. */
  private readonly inWork = new Map<string, number>();
  private readonly addedMs = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly delayed = new Map<string, { dueMs: number; stop: () => void }>();
  private readonly bucket = tokenBucket(BUCKET_PER_SECOND, BUCKET_BURST);
  private readonly workers: ((key: string | undefined) => void)[] = [];
  private readonly metrics: QueueMetrics | undefined;
  private isShutDown = false;

  constructor(private readonly options: WorkQueueOptions) {
    this.metrics = options.telemetry && metricsOf(options.telemetry);
  }

  private hand(key: string): void {
    const { clock, name } = this.options;
    const now = clock.monotonicMs();
    this.dirty.delete(key);
    this.inWork.set(key, now);
    this.metrics?.waited.observe((now - (this.addedMs.get(key) ?? now)) / 1000, name);
    this.addedMs.delete(key);
    this.metrics?.depth.set(this.ready.length, name);
  }

  private enqueue(key: string): void {
    const worker = this.workers.shift();
    if (worker) {
      this.hand(key);
      worker(key);
    } else {
      this.ready.push(key);
      this.metrics?.depth.set(this.ready.length, this.options.name);
    }
  }

  add(key: string): void {
    if (this.isShutDown || this.dirty.has(key)) return;
    this.metrics?.adds.add(1, this.options.name);
    this.addedMs.set(key, this.options.clock.monotonicMs());
    this.dirty.add(key);
    if (!this.inWork.has(key)) this.enqueue(key);
  }

  addAfter(key: string, ms: number): void {
    if (this.isShutDown) return;
    if (ms <= 0) return this.add(key);
    const { clock } = this.options;
    const dueMs = clock.monotonicMs() + ms;
    const waiting = this.delayed.get(key);
    if (waiting && waiting.dueMs <= dueMs) return;
    waiting?.stop();
    const stop = clock.after(ms, () => {
      this.delayed.delete(key);
      this.add(key);
    });
    this.delayed.set(key, { dueMs, stop });
  }

  addRateLimited(key: string): void {
    const { name, clock, baseDelayMs = 5, maxDelayMs = 1_000_000 } = this.options;
    const count = this.numRequeues(key);
    this.failures.set(key, count + 1);
    this.metrics?.retries.add(1, name);
    const backOffMs = Math.min(baseDelayMs * 2 ** Math.min(count, 40), maxDelayMs);
    this.addAfter(key, Math.max(backOffMs, this.bucket.reserve(clock.monotonicMs())));
  }

  get(): Promise<string | undefined> {
    const key = this.ready.shift();
    if (key !== undefined) {
      this.hand(key);
      return Promise.resolve(key);
    }
    if (this.isShutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.workers.push(resolve));
  }

  done(key: string): void {
    const { clock, name } = this.options;
    const startedMs = this.inWork.get(key);
    if (startedMs !== undefined) this.metrics?.worked.observe((clock.monotonicMs() - startedMs) / 1000, name);
    this.inWork.delete(key);
    if (this.dirty.has(key)) this.enqueue(key);
  }

  forget(key: string): void {
    this.failures.delete(key);
  }

  numRequeues(key: string): number {
    return this.failures.get(key) ?? 0;
  }

  get length(): number {
    return this.ready.length;
  }

  shutDown(): void {
    this.isShutDown = true;
    for (const { stop } of this.delayed.values()) stop();
    this.delayed.clear();
    for (const worker of this.workers.splice(0)) worker(undefined);
  }
}

/** An empty queue. */
export function workQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyQueue(options);
}
