/**
 * The network stack of one machine: namespaces, ports, connections, routes and address rewriting. It speaks packets with itself
 * (loopback and pods of the same machine) and, through the network card, with the stacks of other machines.
 */
import type { Certificate, Crypto } from './crypto.ts';
import { createConnectionEnd, type ConnectionEnd } from './connection-end.ts';
import { checkClient, clientCertificate, clientHello, serverHello, whyServerRefused, type VerifyCache } from './handshake.ts';
import type { Backend, Route, ServiceRule } from './kernel.ts';
import type { Life } from './life.ts';
import { NetworkError, type Address, type Connection, type Datagram, type DatagramSocket, type DialOptions, type Listener, type ListenOptions, type Message, type Network, type Peer } from './network.ts';
import type { ClientHello, EndId, Endpoint, Packet, ServerHello } from './packets.ts';
import type { Random } from './random.ts';
import type { RunQueue } from './run-queue.ts';
import type { TimerHeap } from './timers.ts';

/** A connection that heard nothing for so long is asked whether the other side is still there (as HTTP/2 clients ping). */
export const KEEP_ALIVE_IDLE_MS = 30_000;
/** How long the answer may take before the connection ends with ETIMEDOUT. */
export const KEEP_ALIVE_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_SWEEP_MS = 5_000;
const DIAL_TIMEOUT_MS = 30_000;
const FIRST_EPHEMERAL_PORT = 32_768;
const EPHEMERAL_PORTS = 28_232;
/** Datagrams a socket keeps before it drops. */
const DATAGRAM_QUEUE = 256;
const AFFINITY_ENTRIES = 1_024;

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

interface Namespace {
  readonly name: string;
  readonly addresses: Address[];
  readonly listeners: Map<number, BoundListener[]>;
  readonly sockets: Map<number, BoundSocket>;
}
interface BoundListener {
  readonly life: Life;
  readonly options: ListenOptions;
  readonly accept: (connection: Connection) => void;
  /** Ends handed over, by client: machine (undefined: this one) and end, with where they went. */
  /** Sessions that may be resumed, by ticket; they end with the listening process. */
  readonly sessions: Map<string, { certificate: Peer['certificate']; problem: string | undefined }>;
  readonly handedOver: { machine: Address | undefined; end: EndId; to: Address }[];
}
interface BoundSocket {
  readonly life: Life;
  readonly take: (datagram: Datagram) => void;
}
interface Dialling {
  readonly life: Life;
  readonly options: DialOptions;
  readonly hello: ClientHello | undefined;
  readonly local: Endpoint;
  readonly asked: Endpoint;
  /** Under which the client remembers its session with this server. */
  readonly sessionKey: string;
  machine: Address | undefined;
  pending: { from: EndId; hello: ServerHello | undefined } | undefined;
  readonly settle: (outcome: ConnectionEnd | NetworkError) => void;
}
/** A session as its client remembers it. */
interface ClientSession {
  readonly ticket: string;
  readonly certificate: Certificate;
}
interface Accepting {
  readonly listener: BoundListener;
  readonly from: EndId;
  readonly machine: Address | undefined;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly hello: ClientHello;
  readonly answer: ServerHello;
}

/** TLS sessions that either side remembers. */
const SESSIONS_BOUND = 512;
const TICKET_BYTES = 16;

/** Sessions handed over that a listener remembers, so that marking a backend down can end them. */
const HANDED_OVER_BOUND = 4_096;

const LOOPBACK = '127.0.0.1';

/** What must be the same for a session to be resumed: server, name, own certificate, trust. */
const sessionKeyOf = (address: Address, port: number, { serverName = '', identity, rootCas, insecureSkipVerify }: DialOptions): string =>
  [address, port, serverName, identity?.chain[0]?.serial ?? '', insecureSkipVerify ? 'insecure' : (rootCas ?? []).map(({ serial }) => serial).join()].join('|');

const addressNumber = (address: Address): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** Whether `address` lies in `cidr`. */
export function cidrContains(cidr: string, address: Address): boolean {
  const slash = cidr.indexOf('/');
  const bits = Number(cidr.slice(slash + 1));
  const size = 2 ** (32 - bits);
  return Math.floor(addressNumber(cidr.slice(0, slash)) / size) === Math.floor(addressNumber(address) / size);
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
}

/** A stack with the `host` namespace. */
export function createNetworkStack(options: StackOptions): NetworkStack {
  const { queue, timers, random, crypto, card, address: machineAddress } = options;
  const randomBytes = (length: number): Uint8Array => random.bytes(length);
  const spaces = new Map<string, Namespace>();
  const byAddress = new Map<Address, Namespace>();
  const ends = new Map<EndId, { end: ConnectionEnd; machine: Address | undefined; namespace: string }>();
  const dialling = new Map<EndId, Dialling>();
  const accepting = new Map<EndId, Accepting>();
  const ruleTables = new Map<string, readonly ServiceRule[]>();
  let ruleIndex = new Map<string, ServiceRule>();
  const affinities = new Map<string, { backend: Backend; untilMs: number }>();
  let routeTable: readonly Route[] = [];
  let nextEnd: EndId = 1 + random.below(0x7fff_ffff);
  let nextPort = random.below(EPHEMERAL_PORTS);
  let sweeping = false;

  const newSpace = (name: string, addresses: Address[]): Namespace => {
    const space: Namespace = { name, addresses, listeners: new Map(), sockets: new Map() };
    spaces.set(name, space);
    for (const address of addresses) byAddress.set(address, space);
    return space;
  };
  newSpace('host', [machineAddress]);

  /** Hands a packet to a stack: ours in a task of its own, another machine's through the card. */
  const transmit = (machine: Address | undefined, packet: Packet): void => {
    if (machine === undefined) queue.enqueue(() => handle(undefined, packet));
    else card.transmit(machine, packet);
  };
  const ephemeralPort = (space: Namespace): number => {
    for (let tries = 0; tries < EPHEMERAL_PORTS; tries++) {
      nextPort = (nextPort + 1) % EPHEMERAL_PORTS;
      const port = FIRST_EPHEMERAL_PORT + nextPort;
      if (!space.listeners.has(port) && !space.sockets.has(port)) return port;
    }
    throw new NetworkError('EADDRINUSE', 'bind: address already in use');
  };
  const rewrite = (destination: Endpoint, protocol: 'TCP' | 'UDP', client: Address): Endpoint | 'reject' | 'drop' => {
    const isNode = destination.address === machineAddress;
    const rule = ruleIndex.get(`${protocol}:${destination.address}:${destination.port}`) ?? (isNode ? ruleIndex.get(`${protocol}:node:${destination.port}`) : undefined);
    if (!rule) return destination;
    if (rule.backends.length === 0) return rule.withoutBackends;
    const affinityKey = `${client}>${rule.address}:${rule.port}`;
    const bound = rule.affinityMs > 0 ? affinities.get(affinityKey) : undefined;
    const known = bound && bound.untilMs > timers.nowMs && rule.backends.some((backend) => backend.address === bound.backend.address && backend.port === bound.backend.port);
    const backend = known ? bound.backend : rule.backends[random.below(rule.backends.length)]!;
    if (rule.affinityMs > 0) {
      affinities.set(affinityKey, { backend, untilMs: timers.nowMs + rule.affinityMs });
      if (affinities.size > AFFINITY_ENTRIES) affinities.delete(affinities.keys().next().value!);
    }
    return backend;
  };
  /** The machine that has `address`: undefined is this one, 'none' is nobody's. */
  const routeTo = (address: Address): Address | undefined | 'none' => {
    if (byAddress.has(address)) return undefined;
    const route = routeTable.find((candidate) => cidrContains(candidate.cidr, address));
    if (route) return route.via === machineAddress ? 'none' : route.via;
    return cidrContains(`${machineAddress}/24`, address) ? address : 'none';
  };
  const sweep = (): void => {
    sweeping = false;
    for (const { end, machine } of [...ends.values()]) {
      if (machine === undefined) continue;
      const idleMs = timers.nowMs - end.heardMs;
      if (end.pingedMs !== undefined && timers.nowMs - end.pingedMs >= KEEP_ALIVE_TIMEOUT_MS) end.fail(new NetworkError('ETIMEDOUT', 'read: connection timed out'));
      else if (end.pingedMs === undefined && idleMs >= KEEP_ALIVE_IDLE_MS) {
        end.pingedMs = timers.nowMs;
        transmit(machine, { t: 'ping', to: remoteIds.get(end.id)!, from: end.id });
      }
    }
    maybeSweep();
  };
  const clientSessions = new Map<string, ClientSession>();
  const remember = <V>(map: Map<string, V>, key: string, value: V): void => {
    map.delete(key);
    map.set(key, value);
    if (map.size > SESSIONS_BOUND) map.delete(map.keys().next().value!);
  };
  const isWithinValidity = ({ notBeforeMs, notAfterMs }: Certificate): boolean => options.wallMs() >= notBeforeMs && options.wallMs() <= notAfterMs;
  /** The session a client hello asks for, if its certificates are still valid by this machine's clock. */
  const resumable = (listener: BoundListener, ticket: string | undefined): { certificate: Peer['certificate']; problem: string | undefined } | undefined => {
    const session = ticket === undefined ? undefined : listener.sessions.get(ticket);
    if (!session || (session.certificate && !isWithinValidity(session.certificate))) return undefined;
    return listener.options.identity!.chain.every(isWithinValidity) ? session : undefined;
  };
  const remoteIds = new Map<EndId, EndId>();
  let remoteEnds = 0;
  const maybeSweep = (): void => {
    if (sweeping || remoteEnds === 0) return;
    sweeping = true;
    timers.set(KEEP_ALIVE_SWEEP_MS, () => queue.enqueue(sweep));
  };
  const establish = (id: EndId, remoteId: EndId, machine: Address | undefined, life: Life, local: Endpoint, peer: Peer, namespace: string): ConnectionEnd => {
    const end = createConnectionEnd({
      id,
      remoteId,
      peer,
      localAddress: local.address,
      localPort: local.port,
      life,
      transmit: (packet) => transmit(machine, packet),
      nowMs: timers.nowMs,
      onGone: () => {
        if (!ends.delete(id)) return;
        remoteIds.delete(id);
        if (machine !== undefined) remoteEnds--;
      },
    });
    ends.set(id, { end, machine, namespace });
    remoteIds.set(id, remoteId);
    if (machine !== undefined) remoteEnds++;
    maybeSweep();
    return end;
  };
  const listenerAt = (destination: Endpoint, loopback: boolean): BoundListener | undefined =>
    byAddress
      .get(destination.address)
      ?.listeners.get(destination.port)
      ?.find(({ options: { address = '0.0.0.0' } }) => address === '0.0.0.0' || address === (loopback ? LOOPBACK : destination.address));
  const acceptEnd = (listener: BoundListener, packet: { from: EndId; source: Endpoint; destination: Endpoint }, machine: Address | undefined, id: EndId, certificate: Peer['certificate'], problem: string | undefined): void => {
    const peer: Peer = { ...packet.source, certificate, ...(problem === undefined ? {} : { certificateProblem: problem }) };
    const namespace = byAddress.get(packet.destination.address)?.name ?? 'host';
    const end = establish(id, packet.from, machine, listener.life, packet.destination, peer, namespace);
    listener.accept(end.connection);
  };
  const onSyn = (machine: Address | undefined, packet: Extract<Packet, { t: 'syn' }>): void => {
    const rewritten = machine === undefined ? packet.destination : rewrite(packet.destination, 'TCP', packet.source.address);
    if (rewritten === 'drop') return;
    if (rewritten === 'reject') return transmit(machine, { t: 'refused', to: packet.from });
    if (rewritten !== packet.destination) {
      const via = routeTo(rewritten.address);
      if (via === 'none') return transmit(machine, { t: 'unreachable', to: packet.from });
      return transmit(machine, { t: 'hand-over', to: packet.from, destination: rewritten, via: via ?? machineAddress });
    }
    if (!byAddress.has(packet.destination.address)) return transmit(machine, { t: 'unreachable', to: packet.from });
    const listener = listenerAt(packet.destination, packet.loopback === true);
    if (!listener) return transmit(machine, { t: 'refused', to: packet.from });
    if (listener.options.handOver) {
      const { handOver } = listener.options;
      return listener.life.deliver(() => {
        const target = handOver({ ...packet.source, certificate: undefined });
        if (!target) return transmit(machine, { t: 'refused', to: packet.from });
        listener.handedOver.push({ machine, end: packet.from, to: target.address });
        if (listener.handedOver.length > HANDED_OVER_BOUND) listener.handedOver.shift();
        transmit(machine, { t: 'hand-over', to: packet.from, destination: target, via: undefined });
      });
    }
    const id = nextEnd++;
    if (!listener.options.identity && !packet.hello) {
      transmit(machine, { t: 'accepted', to: packet.from, from: id });
      return listener.life.deliver(() => acceptEnd(listener, packet, machine, id, undefined, undefined));
    }
    if (!listener.options.identity) return listener.life.deliver(() => transmit(machine, { t: 'alert', to: packet.from, message: 'tls: first record does not look like a TLS handshake' }));
    if (!packet.hello) return listener.life.deliver(() => transmit(machine, { t: 'alert', to: packet.from, message: 'client sent an HTTP request to an HTTPS server' }));
    const { identity } = listener.options;
    const { hello } = packet;
    listener.life.deliver(() => {
      const session = resumable(listener, hello.ticket);
      if (session) {
        transmit(machine, { t: 'open', to: packet.from, resumedFrom: id });
        return acceptEnd(listener, packet, machine, id, session.certificate, session.problem);
      }
      const answer = serverHello(hello, identity, (listener.options.clientCas?.length ?? 0) > 0, crypto, randomBytes);
      accepting.set(id, { listener, from: packet.from, machine, source: packet.source, local: packet.destination, hello, answer });
      timers.set(DIAL_TIMEOUT_MS, () => accepting.delete(id));
      transmit(machine, { t: 'accepted', to: packet.from, from: id, hello: answer });
    });
  };
  const onAccepted = (machine: Address | undefined, packet: Extract<Packet, { t: 'accepted' }>): void => {
    const dial = dialling.get(packet.to);
    if (!dial) return transmit(machine, { t: 'reset', to: packet.from });
    dial.life.deliver(() => {
      if (!dialling.has(packet.to)) return;
      if (!packet.hello || !dial.hello) return opened(packet.to, packet.from, machine, dial);
      const roots = dial.options.rootCas;
      const refusal = roots ? whyServerRefused(dial.hello, packet.hello, roots, crypto, options.verifyCache, options.wallMs()) : undefined;
      if (refusal) {
        dialling.delete(packet.to);
        transmit(machine, { t: 'reset', to: packet.from });
        return dial.settle(new NetworkError('EPROTO', refusal));
      }
      dial.pending = { from: packet.from, hello: packet.hello };
      transmit(machine, { t: 'certificate', to: packet.from, ...clientCertificate(dial.hello, packet.hello, dial.options.identity, crypto) });
    });
  };
  const opened = (id: EndId, remoteId: EndId, machine: Address | undefined, dial: Dialling): void => {
    dialling.delete(id);
    const shown = dial.pending?.hello?.chain[0];
    const certificate = shown ? options.verifyCache.parse(shown) : dial.hello?.ticket === undefined ? undefined : clientSessions.get(dial.sessionKey)?.certificate;
    const peer: Peer = { ...dial.asked, certificate };
    dial.settle(establish(id, remoteId, machine, dial.life, dial.local, peer, byAddress.get(dial.local.address)?.name ?? 'host'));
  };
  const onCertificate = (machine: Address | undefined, packet: Extract<Packet, { t: 'certificate' }>): void => {
    const half = accepting.get(packet.to);
    if (!half) return;
    half.listener.life.deliver(() => {
      accepting.delete(packet.to);
      const { clientCas = [], clientAuth } = half.listener.options;
      const verdict = checkClient(half.hello, half.answer, packet, { clientCas, required: clientAuth === 'require' }, crypto, options.verifyCache, options.wallMs());
      if ('alert' in verdict) return transmit(machine, { t: 'alert', to: half.from, message: verdict.alert });
      const ticket = Array.from(randomBytes(TICKET_BYTES), (byte) => byte.toString(16)).join('.');
      remember(half.listener.sessions, ticket, { certificate: verdict.certificate, problem: verdict.problem });
      transmit(machine, { t: 'open', to: half.from, ticket });
      acceptEnd(half.listener, { from: half.from, source: half.source, destination: half.local }, machine, packet.to, verdict.certificate, verdict.problem);
    });
  };
  const onHandOver = (packet: Extract<Packet, { t: 'hand-over' }>): void => {
    const dial = dialling.get(packet.to);
    if (!dial) return;
    const machine = packet.via ?? routeTo(packet.destination.address);
    if (machine === 'none') {
      dialling.delete(packet.to);
      return dial.settle(new NetworkError('EHOSTUNREACH', 'connect: no route to host'));
    }
    dial.machine = machine === machineAddress ? undefined : machine;
    transmit(dial.machine, { t: 'syn', from: packet.to, source: dial.local, destination: packet.destination, ...(dial.hello ? { hello: dial.hello } : {}) });
  };
  const failDial = (id: EndId, error: NetworkError): void => {
    const dial = dialling.get(id);
    if (!dial) return;
    dialling.delete(id);
    dial.settle(error);
  };
  const onEstablished = (machine: Address | undefined, packet: Extract<Packet, { t: 'data' | 'credit' | 'fin' | 'reset' | 'ping' | 'pong' }>): void => {
    const held = ends.get(packet.to);
    if (!held || held.machine !== machine) {
      if (packet.t === 'reset') {
        accepting.delete(packet.to);
        failDial(packet.to, new NetworkError('ECONNRESET', 'read: connection reset by peer'));
      } else if (packet.t === 'ping' || packet.t === 'data') transmit(machine, { t: 'reset', to: packet.from });
      return;
    }
    const { end } = held;
    end.heardMs = timers.nowMs;
    end.pingedMs = undefined;
    if (packet.t === 'data') end.onMessage(packet.message);
    else if (packet.t === 'credit') end.onCredit(packet.count);
    else if (packet.t === 'fin') end.onFin();
    else if (packet.t === 'reset') end.fail(new NetworkError('ECONNRESET', 'read: connection reset by peer'));
    else if (packet.t === 'ping') transmit(machine, { t: 'pong', to: packet.from });
  };
  const onDatagram = (machine: Address | undefined, packet: Extract<Packet, { t: 'datagram' }>): void => {
    const space = byAddress.get(packet.destination.address);
    const socket = space?.sockets.get(packet.destination.port);
    if (socket) socket.take({ from: packet.source, payload: packet.payload });
    else if (machine !== undefined && !space) {
      const rewritten = rewrite(packet.destination, 'UDP', packet.source.address);
      if (typeof rewritten !== 'string' && rewritten !== packet.destination) sendDatagram(packet.source, rewritten, packet.payload);
    }
  };
  const handle = (machine: Address | undefined, packet: Packet): void => {
    switch (packet.t) {
      case 'syn':
        return onSyn(machine, packet);
      case 'accepted':
        return onAccepted(machine, packet);
      case 'certificate':
        return onCertificate(machine, packet);
      case 'open': {
        const dial = dialling.get(packet.to);
        const from = dial?.pending?.from ?? packet.resumedFrom;
        if (!dial || from === undefined) return;
        return dial.life.deliver(() => {
          const leaf = dial.pending?.hello?.chain[0];
          if (packet.ticket !== undefined && leaf) remember(clientSessions, dial.sessionKey, { ticket: packet.ticket, certificate: options.verifyCache.parse(leaf) });
          opened(packet.to, from, machine, dial);
        });
      }
      case 'alert':
        return failDial(packet.to, new NetworkError('EPROTO', packet.message));
      case 'refused':
        return failDial(packet.to, new NetworkError('ECONNREFUSED', 'connect: connection refused'));
      case 'unreachable':
        return failDial(packet.to, new NetworkError('EHOSTUNREACH', 'connect: no route to host'));
      case 'hand-over':
        return onHandOver(packet);
      case 'datagram':
        return onDatagram(machine, packet);
      default:
        return onEstablished(machine, packet);
    }
  };
  const sendDatagram = (source: Endpoint, destination: Endpoint, payload: Message): void => {
    const machine = routeTo(destination.address);
    if (machine !== 'none') transmit(machine, { t: 'datagram', source, destination, payload });
  };
  const dial = (life: Life, space: Namespace, address: Address, port: number, dialOptions: DialOptions): Promise<Connection> => {
    const isLocal = address === LOOPBACK || address === 'localhost';
    const localAddress = isLocal ? space.addresses[0]! : address;
    const asked: Endpoint = { address, port };
    return life.guard(
      new Promise<Connection>((resolve, reject) => {
        const target = isLocal ? { address: localAddress, port } : rewrite({ address: localAddress, port }, 'TCP', space.addresses[0]!);
        if (target === 'reject') return reject(new NetworkError('ECONNREFUSED', 'connect: connection refused'));
        const machine = target === 'drop' ? 'none' : routeTo(target.address);
        if (target !== 'drop' && machine === 'none') return reject(new NetworkError('EHOSTUNREACH', 'connect: no route to host'));
        const id = nextEnd++;
        const isTls = dialOptions.rootCas !== undefined || dialOptions.insecureSkipVerify === true || dialOptions.identity !== undefined;
        const sessionKey = isTls ? sessionKeyOf(address, port, dialOptions) : '';
        const session = clientSessions.get(sessionKey);
        const fresh = isTls ? clientHello(dialOptions.serverName ?? address, randomBytes) : undefined;
        const hello = fresh && session && isWithinValidity(session.certificate) ? { ...fresh, ticket: session.ticket } : fresh;
        const local: Endpoint = { address: isLocal ? LOOPBACK : space.addresses[0]!, port: ephemeralPort(space) };
        const stopTimer = timers.set(dialOptions.timeoutMs ?? DIAL_TIMEOUT_MS, () => queue.enqueue(() => failDial(id, new NetworkError('ETIMEDOUT', 'i/o timeout'))));
        const letGo = life.hold('connection', () => {
          stopTimer();
          dialling.delete(id);
        });
        dialling.set(id, {
          life,
          options: dialOptions.insecureSkipVerify ? { ...dialOptions, rootCas: undefined as never } : dialOptions,
          hello,
          local,
          asked,
          sessionKey,
          machine: machine === 'none' ? undefined : machine,
          pending: undefined,
          settle: (outcome) => {
            stopTimer();
            letGo();
            if (outcome instanceof NetworkError) reject(outcome);
            else resolve(outcome.connection);
          },
        });
        if (target === 'drop' || machine === 'none') return;
        transmit(machine, { t: 'syn', from: id, source: local, destination: target, ...(isLocal ? { loopback: true } : {}), ...(hello ? { hello } : {}) });
      }),
    );
  };
  const listen = (life: Life, space: Namespace, port: number, listenOptions: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> => {
    const taken = space.listeners.get(port) ?? [];
    const wants = listenOptions.address ?? '0.0.0.0';
    const clash = taken.some((other) => wants === '0.0.0.0' || (other.options.address ?? '0.0.0.0') === '0.0.0.0' || other.options.address === wants);
    if (clash) return life.guard(Promise.reject(new NetworkError('EADDRINUSE', 'bind: address already in use')));
    const bound = port === 0 ? ephemeralPort(space) : port;
    const listener: BoundListener = { life, options: listenOptions, accept, sessions: new Map(), handedOver: [] };
    space.listeners.set(bound, [...taken, listener]);
    const close = (): void => {
      letGo();
      const rest = (space.listeners.get(bound) ?? []).filter((other) => other !== listener);
      if (rest.length > 0) space.listeners.set(bound, rest);
      else space.listeners.delete(bound);
    };
    const letGo = life.hold('listener', close);
    return life.guard(
      Promise.resolve({
        port: bound,
        close,
        resetHandedOver(backend) {
          const ended = listener.handedOver.filter((session) => session.to === backend);
          listener.handedOver.splice(0, Infinity, ...listener.handedOver.filter((session) => session.to !== backend));
          for (const session of ended) transmit(session.machine, { t: 'reset', to: session.end });
        },
      }),
    );
  };
  const datagram = (life: Life, space: Namespace, port: number): Promise<DatagramSocket> => {
    const bound = port === 0 ? ephemeralPort(space) : port;
    if (space.sockets.has(bound)) return life.guard(Promise.reject(new NetworkError('EADDRINUSE', 'bind: address already in use')));
    const waiting: ((datagram: Datagram) => void)[] = [];
    const unread: Datagram[] = [];
    const close = (): void => {
      letGo();
      space.sockets.delete(bound);
    };
    const letGo = life.hold('listener', close);
    space.sockets.set(bound, {
      life,
      take: (datagram) => {
        const receiver = waiting.shift();
        if (receiver) receiver(datagram);
        else if (unread.length < DATAGRAM_QUEUE) unread.push(datagram);
      },
    });
    return life.guard(
      Promise.resolve<DatagramSocket>({
        port: bound,
        send(address, toPort, payload) {
          const isLocal = address === LOOPBACK;
          const target = isLocal ? { address: space.addresses[0]!, port: toPort } : rewrite({ address, port: toPort }, 'UDP', space.addresses[0]!);
          if (typeof target !== 'string') sendDatagram({ address: space.addresses[0]!, port: bound }, target, payload);
        },
        receive() {
          const first = unread.shift();
          if (first) return life.guard(Promise.resolve(first));
          return life.guard(new Promise((resolve) => waiting.push(resolve)));
        },
        close,
      }),
    );
  };
  return {
    networkFor(life, name) {
      const space = spaces.get(name);
      if (!space) throw new Error(`no network namespace ${name}`);
      return {
        addresses: space.addresses,
        dial: (address, port, dialOptions = {}) => dial(life, space, address, port, dialOptions),
        listen: (port, listenOptions, accept) => listen(life, space, port, listenOptions, accept),
        datagram: (port) => datagram(life, space, port),
      };
    },
    receive: handle,
    createNamespace(name, address) {
      if (byAddress.has(address) || spaces.has(name)) throw new NetworkError('EADDRINUSE', `address ${address} is in use`);
      newSpace(name, [address]);
    },
    removeNamespace(name) {
      const space = spaces.get(name);
      if (!space || name === 'host') return;
      spaces.delete(name);
      for (const address of space.addresses) byAddress.delete(address);
      space.listeners.clear();
      space.sockets.clear();
      for (const held of [...ends.values()]) if (held.namespace === name) held.end.connection.reset();
    },
    namespaces: () => [...spaces.values()].map(({ name, addresses }) => ({ name, addresses })),
    setRoutes(routes) {
      routeTable = routes;
    },
    routes: () => routeTable,
    setServiceRules(owner, rules) {
      ruleTables.set(owner, rules);
      ruleIndex = new Map();
      for (const table of ruleTables.values()) for (const rule of table) ruleIndex.set(`${rule.protocol}:${rule.address}:${rule.port}`, rule);
    },
    serviceRules: () => [...ruleTables.values()].flat(),
    get connectionCount() {
      return ends.size + dialling.size;
    },
  };
}
