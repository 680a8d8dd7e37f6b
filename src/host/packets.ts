/** What travels between network stacks: TCP's and TLS's events as plain objects. A frame is what a link between two machines carries. */
import type { Address, Message } from './network.ts';

/** An end of a connection, named by the stack that owns it. */
export type EndId = number;

/** Certificates travel as DER. */
export interface ClientHello {
  readonly nonce: Uint8Array;
  readonly serverName: string;
  /** A session of before, to be resumed without signatures (RFC 8446 §2.2). */
  readonly ticket?: string;
}
export interface ServerHello {
  readonly nonce: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly signature: Uint8Array;
  readonly wantsCertificate: boolean;
}

export type Packet =
  | {
      readonly t: 'syn';
      readonly from: EndId;
      readonly source: Endpoint;
      readonly destination: Endpoint;
      readonly loopback?: true;
      readonly hello?: ClientHello;
      /** Asked again: the backend this listener handed the client to refused it. */
      readonly refusedBy?: Address;
    }
  | { readonly t: 'accepted'; readonly to: EndId; readonly from: EndId; readonly hello?: ServerHello }
  | { readonly t: 'certificate'; readonly to: EndId; readonly chain: readonly Uint8Array[]; readonly signature: Uint8Array }
  /** The handshake is done; a full one comes with a ticket for the next. On resumption it is the first answer and brings the server's end. */
  | { readonly t: 'open'; readonly to: EndId; readonly ticket?: string; readonly resumedFrom?: EndId }
  | { readonly t: 'alert'; readonly to: EndId; readonly message: string }
  | { readonly t: 'refused'; readonly to: EndId }
  | { readonly t: 'unreachable'; readonly to: EndId }
  | { readonly t: 'hand-over'; readonly to: EndId; readonly destination: Endpoint; readonly via: Address | undefined }
  | { readonly t: 'data'; readonly to: EndId; readonly from: EndId; readonly message: Message }
  | { readonly t: 'credit'; readonly to: EndId; readonly count: number }
  | { readonly t: 'fin'; readonly to: EndId }
  | { readonly t: 'reset'; readonly to: EndId }
  | { readonly t: 'ping'; readonly to: EndId; readonly from: EndId }
  | { readonly t: 'pong'; readonly to: EndId }
  | { readonly t: 'datagram'; readonly source: Endpoint; readonly destination: Endpoint; readonly payload: Message };

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** A packet with the lives of both machines: a frame of an earlier life is not delivered to a later one. */
export interface LinkFrame {
  readonly fromIncarnation: number;
  readonly toIncarnation: number;
  readonly packet: Packet;
}
