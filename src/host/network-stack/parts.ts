/** What the parts of a stack share: the machine's means, and each other. */
import type { Crypto } from '../crypto.ts';
import type { VerifyCache } from '../handshake.ts';
import type { Address } from '../network.ts';
import type { RunQueue } from '../run-queue.ts';
import type { TimerHeap } from '../timers.ts';
import type { Connections, Transmit } from './connections.ts';
import type { Namespaces } from './namespaces.ts';
import type { ServiceRules } from './service-rules.ts';

/** How long a dial, and a handshake on the listener's side, may take. */
export const DIAL_TIMEOUT_MS = 30_000;

/** The parts. */
export interface StackParts {
  /** Of the machine. */
  readonly address: Address;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly crypto: Crypto;
  readonly verifyCache: VerifyCache;
  readonly wallMs: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly transmit: Transmit;
  readonly namespaces: Namespaces;
  readonly rules: ServiceRules;
  readonly connections: Connections;
}
