/**
 * The network stack of one machine: namespaces, ports, connections, routes and address rewriting, each in a file of its own. It speaks
 * packets with itself (loopback and pods of the same machine) and, through the network card, with the stacks of other machines.
 */
import type { Crypto } from './crypto.ts';
import type { VerifyCache } from './handshake.ts';
import type { Route, ServiceRule } from './kernel.ts';
import type { Life } from './life.ts';
import { createConnections, type ConnectionPacket, type EstablishedConnection, type Transmit } from './network-stack/connections.ts';
import { createDatagrams } from './network-stack/datagrams.ts';
import { createDiallers } from './network-stack/dialling.ts';
import { createListeners } from './network-stack/listeners.ts';
import { createNamespaces } from './network-stack/namespaces.ts';
import type { StackParts } from './network-stack/parts.ts';
import { createServiceRules } from './network-stack/service-rules.ts';
import { NetworkError, type Address, type Network } from './network.ts';
import type { Packet } from './packets.ts';
import type { Random } from './random.ts';
import type { RunQueue } from './run-queue.ts';
import type { TimerHeap } from './timers.ts';

/** Where packets for other machines go. */
export interface StackCard {
  transmit(machine: Address, packet: Packet): void;
}

/** What the stack stands on. */
export interface StackOptions {
  readonly address: Address;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly verifyCache: VerifyCache;
  readonly wallMs: () => number;
  readonly card: StackCard;
}

/** The stack of one machine. */
export interface NetworkStack {
  /** The network as a process with `life` in namespace `name` sees it. */
  networkFor(life: Life, name: string): Network;
  /** A packet from the machine at `machine`. */
  receive(machine: Address, packet: Packet): void;
  createNamespace(name: string, address: Address): void;
  removeNamespace(name: string): void;
  namespaces(): readonly { readonly name: string; readonly addresses: readonly Address[] }[];
  setRoutes(routes: readonly Route[]): void;
  routes(): readonly Route[];
  setServiceRules(owner: string, rules: readonly ServiceRule[]): void;
  serviceRules(): readonly ServiceRule[];
  readonly connectionCount: number;
  /** This machine's ends of established connections. */
  connections(): readonly EstablishedConnection[];
}

/** What each packet means to which part. */
function createHandler(parts: StackParts) {
  const listeners = createListeners(parts);
  const diallers = createDiallers(parts);
  const datagrams = createDatagrams(parts);
  const onConnectionPacket = (machine: Address | undefined, packet: ConnectionPacket): void => {
    if (parts.connections.deliver(machine, packet)) return;
    if (packet.t === 'reset') {
      listeners.forget(packet.to);
      diallers.onReset(machine, packet.to);
    } else if (packet.t === 'ping' || packet.t === 'data') parts.transmit(machine, { t: 'reset', to: packet.from });
  };
  const handle = (machine: Address | undefined, packet: Packet): void => {
    switch (packet.t) {
      case 'syn':
        return listeners.onSyn(machine, packet);
      case 'accepted':
        return diallers.onAccepted(machine, packet);
      case 'certificate':
        return listeners.onCertificate(machine, packet);
      case 'open':
        return diallers.onOpen(machine, packet);
      case 'alert':
        return diallers.fail(packet.to, new NetworkError('EPROTO', packet.message));
      case 'refused':
        return diallers.onRefused(packet.to);
      case 'unreachable':
        return diallers.fail(packet.to, new NetworkError('EHOSTUNREACH', 'connect: no route to host'));
      case 'hand-over':
        return diallers.onHandOver(machine, packet);
      case 'datagram':
        return datagrams.receive(machine, packet);
      default:
        return onConnectionPacket(machine, packet);
    }
  };
  return { listeners, diallers, datagrams, handle };
}

/** A stack with the `host` namespace. */
export function createNetworkStack(options: StackOptions): NetworkStack {
  const { address, queue, timers, random, crypto, verifyCache, wallMs, card } = options;
  /** Hands a packet to a stack: ours in a task of its own, another machine's through the card. */
  const transmit: Transmit = (machine, packet) => {
    if (machine === undefined) queue.enqueue(() => handle(undefined, packet));
    else card.transmit(machine, packet);
  };
  const randomBytes = (length: number): Uint8Array => random.bytes(length);
  const connections = createConnections({ queue, timers, random, transmit });
  const namespaces = createNamespaces(address, random);
  const rules = createServiceRules(address, timers, random);
  const parts: StackParts = { address, queue, timers, crypto, verifyCache, wallMs, randomBytes, transmit, namespaces, rules, connections };
  const { listeners, diallers, datagrams, handle } = createHandler(parts);
  return {
    networkFor(life, name) {
      const space = namespaces.find(name);
      if (!space) throw new Error(`no network namespace ${name}`);
      return {
        addresses: space.addresses,
        dial: (to, port, dialOptions = {}) => diallers.dial(life, space, to, port, dialOptions),
        listen: (port, listenOptions, accept) => listeners.listen(life, space, port, listenOptions, accept),
        datagram: (port) => datagrams.open(life, space, port),
      };
    },
    receive: handle,
    createNamespace: (name, at) => namespaces.create(name, at),
    removeNamespace(name) {
      if (namespaces.remove(name)) connections.resetAll(name);
    },
    namespaces: () => namespaces.list(),
    setRoutes: (routes) => namespaces.setRoutes(routes),
    routes: () => namespaces.routes(),
    setServiceRules: (owner, rulesOfOwner) => rules.set(owner, rulesOfOwner),
    serviceRules: () => rules.list(),
    connections: () => connections.list(),
    get connectionCount() {
      return connections.count + diallers.count;
    },
  };
}
