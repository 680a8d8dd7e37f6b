/**
 * The requests that can be followed: a bounded memory of spans, and the one command that is looked at. While nobody looks, a span costs
 * a push; hops are put together only for who looks, and at the page's beat.
 */
import type { Lab } from '#lab';
import { commandOf, commandsIn, followRequest, hopNumbers, type FollowedRequest, type Span } from '../trace/hops.ts';
import type { Batched, FrameBatch } from './frame-batch.ts';

/** Spans that are remembered, and how many are dropped at once when they are too many. */
const SPANS_MAX = 6_000;
const SPANS_DROPPED = 1_500;
const COMMANDS_MAX = 20;

/** A command in the list. */
export interface Command {
  readonly traceId: string;
  readonly command: string;
  readonly wallMs: number;
}

/** The request trace of one page. */
export class RequestTrace {
  isOpen = $state(false);
  /** Commands that can be followed, newest first; kept up to date while it is open. */
  commands = $state.raw<readonly Command[]>([]);
  /** What is looked at; undefined while closed or while there is no command. */
  followed = $state.raw<FollowedRequest | undefined>(undefined);
  /** Numbers of hops by what they stand at on the map. */
  readonly numbers = $derived(hopNumbers(this.followed));
  /** The command the reader chose; undefined: the newest. */
  #chosen: string | undefined;
  #loadBalancer: () => string | undefined = () => undefined;
  #spans: Span[] = [];
  readonly #batch: FrameBatch;

  constructor(batched: Batched) {
    this.#batch = batched(() => this.#show());
  }

  /** Listens to this lab; `loadBalancer` names its machine. Gives the way to end it. */
  attach(lab: Pick<Lab, 'on'>, loadBalancer: () => string | undefined): () => void {
    this.#loadBalancer = loadBalancer;
    const ends = [
      lab.on('span', (span) => this.#take(span)),
      lab.on('cluster', () => {
        this.#spans = [];
        this.#chosen = undefined;
        this.#batch.request();
      }),
    ];
    return () => {
      for (const end of ends) end();
      this.#batch.cancel();
    };
  }

  /** Shows the hops of a command: the one named, or the newest, whatever comes. */
  open(traceId?: string): void {
    this.isOpen = true;
    this.#chosen = traceId;
    this.#show();
  }

  close(): void {
    this.isOpen = false;
    this.followed = undefined;
    this.#batch.cancel();
  }

  #take(span: Span): void {
    this.#spans.push(span);
    if (this.#spans.length > SPANS_MAX) this.#spans.splice(0, SPANS_DROPPED);
    if (this.isOpen) this.#batch.request();
  }

  #show(): void {
    if (!this.isOpen) return;
    const roots = commandsIn(this.#spans);
    this.commands = roots.slice(0, COMMANDS_MAX).map((root) => ({ traceId: root.traceId, command: commandOf(root), wallMs: root.wallMs }));
    const root = roots.find(({ traceId }) => traceId === this.#chosen) ?? roots[0];
    this.followed = root && followRequest(this.#spans, root, this.#loadBalancer());
  }
}
