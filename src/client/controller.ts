/**
 * The frame every controller stands in: watches feed keys into a queue, workers take them to `reconcile`, failures come back
 * with back-off, each reconcile is a span and counts. A controller file holds only what is special to it.
 */
import type { KubeObject } from '#apimachinery';
import { objectKey } from '#apimachinery';
import type { Clock, Crypto, Files, Random, Telemetry } from '#host';
import type { EventRecorder } from './event-recorder.ts';
import type { Informer, InformerFactory } from './informer.ts';
import type { RestClient } from './rest-client.ts';
import { workQueue, type WorkQueue } from './work-queue.ts';

/** What a controller is given. */
export interface ControllerContext<Settings = unknown> {
  readonly client: RestClient;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly files: Files;
  readonly telemetry: Telemetry;
  readonly settings: Settings;
  /** Aborts when the process gives up leading. */
  readonly signal: AbortSignal;
}

/** One source of keys. */
export interface Watch {
  readonly informer: Pick<Informer<KubeObject>, 'synced'>;
  /** Connects the informer with the queue; called once before the informers start. */
  readonly connect: (queue: WorkQueue) => void;
}

/** What a reconcile may ask for: to come back. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/** A controller at work in one process. */
export interface ControllerBody {
  readonly watches: readonly Watch[];
  /** Brings the world closer to what the key's object asks for. A rejection puts the key back with back-off. */
  reconcile(key: string): Promise<ReconcileResult | void>;
  /** Called once when all watches have synced, before the workers start: periodic duties. */
  started?(queue: WorkQueue): void;
  /** Only for controllers that know better than the default 5 ms…1000 s. */
  readonly backOff?: { readonly baseDelayMs: number; readonly maxDelayMs: number };
}

/** The definition of a controller: what the registry lists. */
export interface Controller<Settings = unknown> {
  /** As `--controllers` names it: `replicaset-controller`. */
  readonly name: string;
  /** Name of its service account (`replicaset-controller`); default the name. */
  readonly account?: string;
  /** Source of its events; default the account. */
  readonly eventSource?: string;
  /** How many keys are worked on at a time. */
  readonly workers: number;
  /** Whether `--controllers=*` leaves it off (bootstrap-signer, token-cleaner). */
  readonly disabledByDefault?: boolean;
  build(context: ControllerContext<Settings>): ControllerBody;
}

/** Checks and freezes a definition. Throws an Error for a definition without a worker. */
export function defineController<Settings = unknown>(definition: Controller<Settings>): Controller<Settings> {
  if (definition.workers < 1) throw new Error(`${definition.name} needs at least one worker`);
  return Object.freeze(definition);
}

/** A watch that hands on the keys that `keysOf` finds for each changed object, by default the object's own key, `delayMs` after the change. */
export function watchObjects<T extends KubeObject>(
  informer: Informer<T>,
  keysOf: (object: T, old?: T) => Iterable<string> = (object) => [objectKey(object)],
  delayMs = 0,
): Watch {
  return {
    informer,
    connect(queue) {
      const add = (object: T, old?: T): void => {
        for (const key of keysOf(object, old)) queue.addAfter(key, delayMs);
      };
      informer.addHandler({ added: (object) => add(object), updated: add, deleted: (object) => add(object) });
    },
  };
}

async function work(controller: Controller<never>, body: ControllerBody, queue: WorkQueue, telemetry: Telemetry): Promise<void> {
  for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
    const span = telemetry.span('reconcile', { 'controller.name': controller.name, 'k8s.object.key': key });
    try {
      const result = await body.reconcile(key);
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
      span.end();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      telemetry.log('error', `Unhandled Error err="error syncing '${key}': ${text}, requeuing" logger="${controller.name}"`);
      queue.addRateLimited(key);
      span.end({ error: text });
    }
    queue.done(key);
  }
}

/** Builds a controller, connects its watches and starts its workers once these have synced. */
export function startController<Settings>(controller: Controller<Settings>, context: ControllerContext<Settings>): void {
  const { clock, telemetry, signal } = context;
  const body = controller.build(context);
  const queue = workQueue({ name: controller.name, clock, telemetry, ...(body.backOff ?? {}) });
  for (const watch of body.watches) watch.connect(queue);
  signal.addEventListener('abort', () => queue.shutDown(), { once: true });
  telemetry.log('info', `Starting controller controller="${controller.name}"`);
  void Promise.all(body.watches.map((watch) => watch.informer.synced())).then(() => {
    if (signal.aborted) return;
    body.started?.(queue);
    for (let worker = 0; worker < controller.workers; worker++) void work(controller as Controller<never>, body, queue, telemetry);
  });
}
