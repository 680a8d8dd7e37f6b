/**
 * Many streams over one connection, each with credit of its own, so that a slow reader of one (a watch, a log) stops
 * neither the others nor grows the sender's memory. Frames: { stream, seq, open?, data?, end?, cancel?, credit? }.
 */
import { NetworkError, type Connection, type Message } from './network.ts';

/** What a stream carries. */
export type StreamMessage = Message;

/** One stream; both directions are independent. */
export interface WireStream {
  /** Resolves when the receiver has room for more; rejects with NetworkError when the stream has ended. */
  send(message: StreamMessage): Promise<void>;
  /** Ends our direction. */
  end(): void;
  /** The next message, undefined at the end of the other direction. */
  receive(): Promise<StreamMessage | undefined>;
  /** Says that nothing more will be read; the other side's sends are refused. */
  cancelReceive(): void;
  /** Ends both directions at once. */
  cancel(reason: string): void;
  /** Called once if the other side cancels or the connection ends before both directions have. */
  onCancel(listener: (reason: NetworkError) => void): void;
  /** Called once when the stream is over, however it ended. */
  onOver(listener: () => void): void;
}

/** The multiplexer of one connection. */
export interface Multiplexer {
  open(): WireStream;
  close(): void;
  readonly streamCount: number;
}

/** Messages a stream may have under way before its sender waits. */
export const STREAM_CREDIT_MESSAGES = 64;

interface Frame {
  readonly stream: number;
  readonly seq: number;
  readonly open?: true;
  readonly data?: Message;
  readonly end?: true;
  readonly stop?: true;
  readonly cancel?: string;
  readonly credit?: number;
}

interface StreamState {
  sendCredit: number;
  sendSeq: number;
  sendEnded: boolean;
  receiveSeq: number;
  receiveEnded: boolean;
  unread: Message[];
  unreadFrom: number;
  takenSinceCredit: number;
  failure: NetworkError | undefined;
  waitingReceive: { resolve: (message: Message | undefined) => void; reject: (reason: NetworkError) => void } | undefined;
  waitingSends: { message: Message; resolve: () => void; reject: (reason: NetworkError) => void }[];
  cancelListeners: ((reason: NetworkError) => void)[];
  overListeners: (() => void)[];
}

const newState = (): StreamState => ({
  sendCredit: STREAM_CREDIT_MESSAGES,
  sendSeq: 0,
  sendEnded: false,
  receiveSeq: 0,
  receiveEnded: false,
  unread: [],
  unreadFrom: 0,
  takenSinceCredit: 0,
  failure: undefined,
  waitingReceive: undefined,
  waitingSends: [],
  cancelListeners: [],
  overListeners: [],
});

/** Runs streams over `connection`; `accept` gets those the other side opens. Odd numbers are the dialling side's. */
export function createMultiplexer(connection: Connection, accept: (stream: WireStream) => void): Multiplexer {
  const streams = new Map<number, StreamState>();
  let nextStream = 1;
  const transmit = (frame: Frame): void => {
    // A failed send means the connection has ended; its onEnd fails every stream, so nothing is lost by not waiting here.
    connection.send(frame as unknown as Message).catch(() => undefined);
  };
  const forget = (id: number, state: StreamState): void => {
    if (!(state.sendEnded && state.receiveEnded)) return;
    streams.delete(id);
    for (const listener of state.overListeners.splice(0)) listener();
  };
  const fail = (id: number, state: StreamState, reason: NetworkError): void => {
    if (state.failure) return;
    state.failure = reason;
    const unfinished = !(state.sendEnded && state.receiveEnded);
    state.sendEnded = true;
    state.receiveEnded = true;
    streams.delete(id);
    state.waitingReceive?.reject(reason);
    state.waitingReceive = undefined;
    for (const waiting of state.waitingSends.splice(0)) waiting.reject(reason);
    if (unfinished) for (const listener of state.cancelListeners.splice(0)) listener(reason);
    for (const listener of state.overListeners.splice(0)) listener();
  };
  const pump = (id: number, state: StreamState): void => {
    while (state.sendCredit > 0 && state.waitingSends.length > 0) {
      const waiting = state.waitingSends.shift()!;
      state.sendCredit--;
      transmit({ stream: id, seq: state.sendSeq++, data: waiting.message });
      waiting.resolve();
    }
  };
  const streamOf = (id: number, state: StreamState): WireStream => ({
    send(message) {
      if (state.failure) return Promise.reject(state.failure);
      if (state.sendEnded) return Promise.reject(new NetworkError('EPIPE', 'broken pipe'));
      if (state.sendCredit > 0 && state.waitingSends.length === 0) {
        state.sendCredit--;
        transmit({ stream: id, seq: state.sendSeq++, data: message });
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => state.waitingSends.push({ message, resolve, reject }));
    },
    end() {
      if (state.sendEnded) return;
      state.sendEnded = true;
      transmit({ stream: id, seq: state.sendSeq++, end: true });
      forget(id, state);
    },
    receive() {
      if (state.unreadFrom < state.unread.length) {
        const message = state.unread[state.unreadFrom++]!;
        if (state.unreadFrom === state.unread.length) {
          state.unread = [];
          state.unreadFrom = 0;
        }
        if (++state.takenSinceCredit >= STREAM_CREDIT_MESSAGES / 2 && !state.receiveEnded) {
          transmit({ stream: id, seq: -1, credit: state.takenSinceCredit });
          state.takenSinceCredit = 0;
        }
        return Promise.resolve(message);
      }
      if (state.failure) return Promise.reject(state.failure);
      if (state.receiveEnded) return Promise.resolve(undefined);
      return new Promise((resolve, reject) => (state.waitingReceive = { resolve, reject }));
    },
    cancelReceive() {
      if (state.receiveEnded) return;
      state.receiveEnded = true;
      state.unread = [];
      state.unreadFrom = 0;
      transmit({ stream: id, seq: -1, stop: true });
      forget(id, state);
    },
    cancel(reason) {
      if (state.failure || (state.sendEnded && state.receiveEnded)) return;
      transmit({ stream: id, seq: -1, cancel: reason });
      state.cancelListeners = [];
      fail(id, state, new NetworkError('ECANCELED', reason));
    },
    onCancel(listener) {
      if (state.failure) listener(state.failure);
      else state.cancelListeners.push(listener);
    },
    onOver(listener) {
      if (state.failure || (state.sendEnded && state.receiveEnded)) listener();
      else state.overListeners.push(listener);
    },
  });
  const take = (id: number, state: StreamState, frame: Frame): void => {
    if (frame.credit !== undefined) {
      state.sendCredit += frame.credit;
      return pump(id, state);
    }
    if (frame.cancel !== undefined) return fail(id, state, new NetworkError('ECANCELED', frame.cancel));
    if (frame.stop) {
      const gone = new NetworkError('EPIPE', 'broken pipe');
      state.sendEnded = true;
      for (const waiting of state.waitingSends.splice(0)) waiting.reject(gone);
      for (const listener of state.cancelListeners.splice(0)) listener(gone);
      return forget(id, state);
    }
    if (frame.seq !== state.receiveSeq)
      return fail(id, state, new NetworkError('ECONNRESET', `stream ${id}: frame ${frame.seq} instead of ${state.receiveSeq}`));
    state.receiveSeq++;
    if (frame.end) {
      state.receiveEnded = true;
      state.waitingReceive?.resolve(undefined);
      state.waitingReceive = undefined;
      return forget(id, state);
    }
    if (frame.data === undefined || state.receiveEnded) return;
    state.unread.push(frame.data);
    const waiting = state.waitingReceive;
    if (waiting) {
      state.waitingReceive = undefined;
      streamOf(id, state).receive().then(waiting.resolve, waiting.reject);
    }
  };
  const run = async (): Promise<void> => {
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      const frame = message as unknown as Frame;
      let state = streams.get(frame.stream);
      if (!state && frame.open) {
        state = newState();
        streams.set(frame.stream, state);
        accept(streamOf(frame.stream, state));
        continue;
      }
      if (state) take(frame.stream, state, frame);
    }
  };
  connection.onEnd((reason) => {
    for (const [id, state] of [...streams]) fail(id, state, reason ?? new NetworkError('ECONNRESET', 'EOF'));
  });
  // The end of the connection reaches every stream through onEnd; the loop itself has nothing more to say.
  run().catch(() => connection.reset());
  return {
    open() {
      const id = nextStream;
      nextStream += 2;
      const state = newState();
      streams.set(id, state);
      transmit({ stream: id, seq: -1, open: true });
      return streamOf(id, state);
    },
    close: () => connection.close(),
    get streamCount() {
      return streams.size;
    },
  };
}
