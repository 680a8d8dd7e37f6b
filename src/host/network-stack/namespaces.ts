/** Network namespaces of a machine: who has which address, which ports are taken, and which machine other addresses lie behind. */
import type { Route } from '../kernel.ts';
import type { Life } from '../life.ts';
import { NetworkError, type Address, type Connection, type Datagram, type ListenOptions } from '../network.ts';
import type { EndId, Endpoint } from '../packets.ts';
import type { Random } from '../random.ts';
import type { ServerSession } from './tls-sessions.ts';

export const LOOPBACK = '127.0.0.1';
/** Linux's default `net.ipv4.ip_local_port_range`, 32768 to 60999. */
const FIRST_EPHEMERAL_PORT = 32_768;
const EPHEMERAL_PORTS = 28_232;

/** One namespace: the host's, or that of a pod. */
export interface Namespace {
  readonly name: string;
  readonly addresses: Address[];
  readonly listeners: Map<number, BoundListener[]>;
  readonly sockets: Map<number, BoundSocket>;
}

/** A listening socket. */
export interface BoundListener {
  readonly life: Life;
  readonly options: ListenOptions;
  readonly accept: (connection: Connection) => void;
  /** Sessions that may be resumed, by ticket; they end with the listening process. */
  readonly sessions: Map<string, ServerSession>;
  /** Ends handed over, by client: machine (undefined: this one) and end, with where they went. */
  readonly handedOver: { machine: Address | undefined; end: EndId; to: Address }[];
}

/** A datagram socket. */
export interface BoundSocket {
  readonly life: Life;
  readonly take: (datagram: Datagram) => void;
}

const addressNumber = (address: Address): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** Whether `address` lies in `cidr`. */
export function cidrContains(cidr: string, address: Address): boolean {
  const slash = cidr.indexOf('/');
  const bits = Number(cidr.slice(slash + 1));
  const size = 2 ** (32 - bits);
  return Math.floor(addressNumber(cidr.slice(0, slash)) / size) === Math.floor(addressNumber(address) / size);
}

/** The namespaces of one machine. */
export interface Namespaces {
  find(name: string): Namespace | undefined;
  at(address: Address): Namespace | undefined;
  /** Throws EADDRINUSE when the name or the address is taken. */
  create(name: string, address: Address): void;
  /** Forgets all but the host's, with everything that listens in it. Returns whether it was there. */
  remove(name: string): boolean;
  list(): readonly { readonly name: string; readonly addresses: readonly Address[] }[];
  /** A port nobody listens on. */
  ephemeralPort(space: Namespace): number;
  listenerAt(destination: Endpoint, loopback: boolean): BoundListener | undefined;
  setRoutes(routes: readonly Route[]): void;
  routes(): readonly Route[];
  /** The machine that has `address`: undefined is this one, 'none' is nobody's. */
  routeTo(address: Address): Address | undefined | 'none';
}

/** The `host` namespace alone. */
export function createNamespaces(machineAddress: Address, random: Random): Namespaces {
  const spaces = new Map<string, Namespace>();
  const byAddress = new Map<Address, Namespace>();
  let routeTable: readonly Route[] = [];
  let nextPort = random.below(EPHEMERAL_PORTS);
  const add = (name: string, addresses: Address[]): void => {
    const space: Namespace = { name, addresses, listeners: new Map(), sockets: new Map() };
    spaces.set(name, space);
    for (const address of addresses) byAddress.set(address, space);
  };
  add('host', [machineAddress]);
  return {
    find: (name) => spaces.get(name),
    at: (address) => byAddress.get(address),
    create(name, address) {
      if (byAddress.has(address) || spaces.has(name)) throw new NetworkError('EADDRINUSE', `address ${address} is in use`);
      add(name, [address]);
    },
    remove(name) {
      const space = spaces.get(name);
      if (!space || name === 'host') return false;
      spaces.delete(name);
      for (const address of space.addresses) byAddress.delete(address);
      space.listeners.clear();
      space.sockets.clear();
      return true;
    },
    list: () => [...spaces.values()].map(({ name, addresses }) => ({ name, addresses })),
    ephemeralPort(space) {
      for (let tries = 0; tries < EPHEMERAL_PORTS; tries++) {
        nextPort = (nextPort + 1) % EPHEMERAL_PORTS;
        const port = FIRST_EPHEMERAL_PORT + nextPort;
        if (!space.listeners.has(port) && !space.sockets.has(port)) return port;
      }
      throw new NetworkError('EADDRINUSE', 'bind: address already in use');
    },
    listenerAt(destination, loopback) {
      const listeners = byAddress.get(destination.address)?.listeners.get(destination.port);
      const reached = loopback ? LOOPBACK : destination.address;
      return listeners?.find(({ options: { address = '0.0.0.0' } }) => address === '0.0.0.0' || address === reached);
    },
    setRoutes(routes) {
      routeTable = routes;
    },
    routes: () => routeTable,
    routeTo(address) {
      if (byAddress.has(address)) return undefined;
      const route = routeTable.find((candidate) => cidrContains(candidate.cidr, address));
      if (route) return route.via === machineAddress ? 'none' : route.via;
      return cidrContains(`${machineAddress}/24`, address) ? address : 'none';
    },
  };
}
