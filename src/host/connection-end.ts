/**
 * One end of an established connection: queue, credit, orderly and abrupt end. It sends packets through the `transmit` it is given
 * and is fed by its stack; it belongs to one life, and everything it hands out goes through that life.
 */
import type { Life } from './life.ts';
import { NetworkError, type Connection, type Message, type Peer } from './network.ts';
import type { EndId, Packet } from './packets.ts';

/** Messages that may be under way on a connection before its sender waits. */
export const CONNECTION_CREDIT_MESSAGES = 256;

/** What the stack does with an end. */
export interface ConnectionEnd {
  readonly connection: Connection;
  readonly id: EndId;
  /** When something last came from the other side, monotonic. */
  heardMs: number;
  pingedMs: number | undefined;
  /** When the first message was sent that nothing came after from the other side; undefined: none waits. */
  unheardSinceMs: number | undefined;
  onMessage(message: Message): void;
  onCredit(count: number): void;
  onFin(): void;
  /** Ends it at once with `reason`, without telling the other side. */
  fail(reason: NetworkError): void;
  /** The owner died or exited. */
  abandon(): void;
}

/** What an end is made of. */
export interface EndOptions {
  readonly id: EndId;
  readonly remoteId: EndId;
  readonly peer: Peer;
  readonly localAddress: string;
  readonly localPort: number;
  readonly life: Life;
  readonly transmit: (packet: Packet) => void;
  readonly nowMs: number;
  /** The end is over; the stack forgets it. */
  readonly onGone: () => void;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: NetworkError) => void;
}

/** Makes an end; it is established. */
export function createConnectionEnd(options: EndOptions): ConnectionEnd {
  const { life, transmit, remoteId } = options;
  const inbox: Message[] = [];
  let inboxHead = 0;
  let takenSinceCredit = 0;
  let sendCredit = CONNECTION_CREDIT_MESSAGES;
  let finSent = false;
  let finReceived = false;
  let failure: NetworkError | undefined;
  let receiver: Waiting<Message | undefined> | undefined;
  const senders: (Waiting<void> & { message: Message })[] = [];
  const endListeners: ((reason: NetworkError | undefined) => void)[] = [];
  let isOver = false;
  let letGo: () => void = () => undefined;
  const over = (reason: NetworkError | undefined): void => {
    if (isOver) return;
    isOver = true;
    letGo();
    options.onGone();
    receiver?.[reason ? 'reject' : 'resolve'](reason as never);
    receiver = undefined;
    const gone = reason ?? new NetworkError('EPIPE', 'broken pipe');
    for (const sender of senders.splice(0)) sender.reject(gone);
    for (const listener of endListeners.splice(0)) life.deliver(() => listener(reason));
  };
  const fail = (reason: NetworkError): void => {
    failure ??= reason;
    over(failure);
  };
  const maybeClosed = (): void => {
    if (finSent && finReceived && inboxHead >= inbox.length) over(undefined);
  };
  const pump = (): void => {
    while (sendCredit > 0 && senders.length > 0) {
      const sender = senders.shift()!;
      sendCredit--;
      transmit({ t: 'data', to: remoteId, from: options.id, message: sender.message });
      sender.resolve();
    }
  };
  const take = (): Message => {
    const message = inbox[inboxHead++]!;
    if (inboxHead === inbox.length) {
      inbox.length = 0;
      inboxHead = 0;
    }
    if (++takenSinceCredit >= CONNECTION_CREDIT_MESSAGES / 2 && !finReceived) {
      transmit({ t: 'credit', to: remoteId, count: takenSinceCredit });
      takenSinceCredit = 0;
    }
    if (finReceived) maybeClosed();
    return message;
  };
  const connection: Connection = {
    peer: options.peer,
    localAddress: options.localAddress,
    localPort: options.localPort,
    send(message) {
      if (failure) return life.guard(Promise.reject(failure));
      if (finSent || isOver) return life.guard(Promise.reject(new NetworkError('EPIPE', 'broken pipe')));
      if (sendCredit > 0 && senders.length === 0) {
        sendCredit--;
        transmit({ t: 'data', to: remoteId, from: options.id, message });
        return Promise.resolve();
      }
      return life.guard(new Promise((resolve, reject) => senders.push({ message, resolve, reject })));
    },
    receive() {
      if (inboxHead < inbox.length) return life.guard(Promise.resolve(take()));
      if (failure) return life.guard(Promise.reject(failure));
      if (finReceived || isOver) return Promise.resolve(undefined);
      if (receiver) return Promise.reject(new Error('a connection has one receiver at a time'));
      return life.guard(new Promise((resolve, reject) => (receiver = { resolve, reject })));
    },
    close() {
      if (finSent || isOver) return;
      finSent = true;
      transmit({ t: 'fin', to: remoteId });
      // What the other side still sends after our close is nobody's any more, as after close(2).
      over(undefined);
    },
    reset() {
      if (isOver) return;
      transmit({ t: 'reset', to: remoteId });
      fail(new NetworkError('ECONNRESET', 'use of closed network connection'));
    },
    onEnd(listener) {
      if (isOver) life.deliver(() => listener(failure));
      else endListeners.push(listener);
    },
  };
  const end: ConnectionEnd = {
    connection,
    id: options.id,
    heardMs: options.nowMs,
    pingedMs: undefined,
    unheardSinceMs: undefined,
    onMessage(message) {
      if (receiver && inboxHead >= inbox.length) {
        const waiting = receiver;
        receiver = undefined;
        inbox.push(message);
        waiting.resolve(take());
      } else inbox.push(message);
    },
    onCredit(count) {
      sendCredit += count;
      pump();
    },
    onFin() {
      finReceived = true;
      const waiting = receiver;
      receiver = undefined;
      waiting?.resolve(undefined);
      // The lab's protocols have no half-open use: an orderly end of one side ends the connection once it has been read.
      if (inboxHead >= inbox.length) {
        finSent = true;
        over(undefined);
      } else finSent = true;
    },
    fail,
    abandon() {
      if (isOver) return;
      transmit({ t: 'reset', to: remoteId });
      isOver = true;
      failure = new NetworkError('ECONNRESET', 'use of closed network connection');
      options.onGone();
    },
  };
  letGo = life.hold('connection', () => end.abandon());
  return end;
}
