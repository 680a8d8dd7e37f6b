/**
 * The network as a process sees it from its namespace: dial, listen and datagrams over IPv4 addresses. A connection keeps
 * message boundaries (a message is what one `send` gave), is ordered, has credit, and behaves like TCP where it hurts:
 * a dead process resets, a dead machine says nothing, a partition stalls.
 */
import type { Certificate, Identity } from './crypto.ts';

/** An IPv4 address in dotted form. */
export type Address = string;

/** POSIX codes of network failures; EPROTO is a failed TLS handshake. */
export type NetworkErrorCode =
  'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT' | 'EHOSTUNREACH' | 'EADDRINUSE' | 'EACCES' | 'EPROTO' | 'EPIPE' | 'ECANCELED';

/** Rejection of a network operation. `message` ends as Go prints the cause, e.g. `connect: connection refused`. */
export class NetworkError extends Error {
  constructor(
    readonly code: NetworkErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'NetworkError';
  }
}

/** What one `send` carries: text, bytes, or a plain JSON-able object. It must not be changed after it was sent. */
export type Message = string | Uint8Array | Readonly<Record<string, unknown>>;

/** Who is at the other end of a connection. */
export interface Peer {
  readonly address: Address;
  readonly port: number;
  /** Leaf certificate the peer proved itself with, if it presented one that the listener's CA signed. */
  readonly certificate: Certificate | undefined;
  /** Why a presented certificate does not count (listener with `clientAuth: 'request'`), in crypto/x509's words. */
  readonly certificateProblem?: string;
}

/** An established connection. A connection of a dead process resets; of a dead machine it stalls until a deadline. */
export interface Connection {
  readonly peer: Peer;
  readonly localAddress: Address;
  readonly localPort: number;
  /** Resolves when there is credit for more; rejects with NetworkError once the connection has ended. */
  send(message: Message): Promise<void>;
  /** The next message, undefined after an orderly close, NetworkError (`ECONNRESET`, `ETIMEDOUT`) otherwise. */
  receive(): Promise<Message | undefined>;
  /** Orderly end: what was sent before is still delivered. */
  close(): void;
  /** Abrupt end: the other side gets ECONNRESET. */
  reset(): void;
  /** Called once when the connection has ended, with the reason (undefined: orderly). */
  onEnd(listener: (reason: NetworkError | undefined) => void): void;
}

/** How to dial. */
export interface DialOptions {
  /** Client certificate to present when asked. */
  readonly identity?: Identity;
  /** CAs that must have signed the listener's certificate. With them the connection is TLS; without, plain. */
  readonly rootCas?: readonly Certificate[];
  /** Name or address the listener's certificate must carry. Default: the dialled address. */
  readonly serverName?: string;
  /** TLS without verification of the listener (`--insecure-skip-tls-verify`, `curl -k`). */
  readonly insecureSkipVerify?: boolean;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Ends the connection with ETIMEDOUT when what was sent is met by silence of the other machine for so long (TCP_USER_TIMEOUT, which
   * gRPC sets to its keep-alive timeout). A machine that is there but whose process does not answer is not silent.
   */
  readonly userTimeoutMs?: number;
}

/** How to listen. With `identity` the port speaks TLS and refuses plain connections, as Go's server does. */
export interface ListenOptions {
  readonly identity?: Identity;
  /** CAs that sign client certificates. */
  readonly clientCas?: readonly Certificate[];
  /** `require`: no connection without a valid client certificate; `request`: verified if given. Default `request`. */
  readonly clientAuth?: 'require' | 'request';
  /** Address to bind to; default all of the namespace. */
  readonly address?: Address;
  /**
   * Decides where a new connection goes before it is accepted: the address and port of another listener (the client's
   * end is handed over, bytes do not pass through here), or undefined to refuse. A load balancer's way of listening. It is asked once more
   * (HAProxy's redispatch) when the one it chose, `refusedBy`, refused the connection.
   */
  readonly handOver?: (from: Peer, refusedBy?: Address) => { address: Address; port: number } | undefined;
}

/** A bound port. */
export interface Listener {
  readonly port: number;
  /** Unbinds; established connections live on. */
  close(): void;
  /** Resets every session handed over to `address` (a backend marked down). */
  resetHandedOver(address: Address): void;
}

/** A datagram as received. */
export interface Datagram {
  readonly from: { readonly address: Address; readonly port: number };
  readonly payload: Message;
}

/** A bound datagram port; datagrams may be lost, never duplicated by the socket itself. */
export interface DatagramSocket {
  readonly port: number;
  send(address: Address, port: number, payload: Message): void;
  receive(): Promise<Datagram>;
  close(): void;
}

/** The network of one namespace. */
export interface Network {
  /** Addresses of this namespace besides 127.0.0.1, the first one the primary. */
  readonly addresses: readonly Address[];
  /** Rejects with NetworkError: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, EPROTO (handshake). */
  dial(address: Address, port: number, options?: DialOptions): Promise<Connection>;
  /** Rejects with EADDRINUSE. Port 0 takes a free one. */
  listen(port: number, options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects with EADDRINUSE. Port 0 takes a free one. */
  datagram(port: number): Promise<DatagramSocket>;
}
