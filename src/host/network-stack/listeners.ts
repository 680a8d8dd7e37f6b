/** The listening side: binding ports, answering those who dial, proving who the server is and learning who the client is. */
import { checkClient, serverHello } from '../handshake.ts';
import type { Life } from '../life.ts';
import { NetworkError, type Address, type Connection, type Listener, type ListenOptions, type Peer } from '../network.ts';
import type { ClientHello, EndId, Endpoint, Packet, ServerHello } from '../packets.ts';
import type { BoundListener, Namespace } from './namespaces.ts';
import { DIAL_TIMEOUT_MS, type StackParts } from './parts.ts';
import { isWithinValidity, rememberSession, type ServerSession } from './tls-sessions.ts';

const TICKET_BYTES = 16;
/** Sessions handed over that a listener remembers, so that marking a backend down can end them. */
const HANDED_OVER_BOUND = 4_096;

type Syn = Extract<Packet, { t: 'syn' }>;

/** A handshake half done: our certificate is out, the client's is awaited. */
interface Accepting {
  readonly listener: BoundListener;
  readonly syn: Pick<Syn, 'from' | 'source' | 'destination'>;
  readonly hello: ClientHello;
  readonly answer: ServerHello;
}

/** The listening side of one machine. */
export interface Listeners {
  listen(life: Life, space: Namespace, port: number, options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener>;
  onSyn(machine: Address | undefined, packet: Syn): void;
  onCertificate(machine: Address | undefined, packet: Extract<Packet, { t: 'certificate' }>): void;
  /** The client has gone away in the middle of its handshake. */
  forget(id: EndId): void;
}

/** Where a rewritten destination is: its client dials there itself, because bytes do not pass through the machine that rewrites. */
function sendOn({ namespaces, transmit, address }: StackParts, machine: Address | undefined, from: EndId, destination: Endpoint): void {
  const via = namespaces.routeTo(destination.address);
  if (via === 'none') transmit(machine, { t: 'unreachable', to: from });
  else transmit(machine, { t: 'hand-over', to: from, destination, via: via ?? address });
}

/** A load balancer's listener: chooses a backend for the client, which dials it. */
function handOver({ transmit }: StackParts, listener: BoundListener, machine: Address | undefined, packet: Syn): void {
  listener.life.deliver(() => {
    const target = listener.options.handOver?.({ ...packet.source, certificate: undefined }, packet.refusedBy);
    if (!target) return transmit(machine, { t: 'refused', to: packet.from });
    listener.handedOver.push({ machine, end: packet.from, to: target.address });
    if (listener.handedOver.length > HANDED_OVER_BOUND) listener.handedOver.shift();
    transmit(machine, { t: 'hand-over', to: packet.from, destination: target, via: undefined });
  });
}

/** Binds a port: EADDRINUSE where another listener has it. Port 0 is any free one. */
function bind(
  parts: StackParts,
  life: Life,
  space: Namespace,
  port: number,
  options: ListenOptions,
  accept: BoundListener['accept'],
): Promise<Listener> {
  const taken = space.listeners.get(port) ?? [];
  const wants = options.address ?? '0.0.0.0';
  const clash = taken.some(({ options: { address = '0.0.0.0' } }) => wants === '0.0.0.0' || address === '0.0.0.0' || address === wants);
  if (clash) return life.guard(Promise.reject(new NetworkError('EADDRINUSE', 'bind: address already in use')));
  const bound = port === 0 ? parts.namespaces.ephemeralPort(space) : port;
  const listener: BoundListener = { life, options, accept, sessions: new Map(), handedOver: [] };
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
        for (const session of ended) parts.transmit(session.machine, { t: 'reset', to: session.end });
      },
    }),
  );
}

/** Nobody listens yet. */
export function createListeners(parts: StackParts): Listeners {
  const { namespaces, connections, rules, transmit, timers, crypto, randomBytes, verifyCache, wallMs } = parts;
  const accepting = new Map<EndId, Accepting>();
  const accept = (
    listener: BoundListener,
    syn: Accepting['syn'],
    machine: Address | undefined,
    id: EndId,
    client?: ServerSession,
  ): void => {
    const problem = client?.problem === undefined ? {} : { certificateProblem: client.problem };
    const peer: Peer = { ...syn.source, certificate: client?.certificate, ...problem };
    const namespace = namespaces.at(syn.destination.address)?.name ?? 'host';
    const end = connections.establish({ id, remoteId: syn.from, machine, life: listener.life, local: syn.destination, peer, namespace });
    listener.accept(end.connection);
  };
  /** The session a client hello asks for, if its certificates are still valid by this machine's clock. */
  const resumable = (listener: BoundListener, ticket: string | undefined): ServerSession | undefined => {
    const session = ticket === undefined ? undefined : listener.sessions.get(ticket);
    if (!session || (session.certificate && !isWithinValidity(session.certificate, wallMs()))) return undefined;
    return listener.options.identity!.chain.every((certificate) => isWithinValidity(certificate, wallMs())) ? session : undefined;
  };
  const shakeHands = (listener: BoundListener, hello: ClientHello, machine: Address | undefined, packet: Syn, id: EndId): void => {
    const session = resumable(listener, hello.ticket);
    if (session) {
      transmit(machine, { t: 'open', to: packet.from, resumedFrom: id });
      return accept(listener, packet, machine, id, session);
    }
    const { identity, clientCas = [] } = listener.options;
    const answer = serverHello(hello, identity!, clientCas.length > 0, crypto, randomBytes);
    accepting.set(id, { listener, syn: packet, hello, answer });
    timers.set(DIAL_TIMEOUT_MS, () => accepting.delete(id));
    transmit(machine, { t: 'accepted', to: packet.from, from: id, hello: answer });
  };
  const answer = (listener: BoundListener, machine: Address | undefined, packet: Syn): void => {
    const alert = (message: string): void => listener.life.deliver(() => transmit(machine, { t: 'alert', to: packet.from, message }));
    const id = connections.newId();
    const { hello } = packet;
    if (!listener.options.identity) {
      if (hello) return alert('tls: first record does not look like a TLS handshake');
      transmit(machine, { t: 'accepted', to: packet.from, from: id });
      return listener.life.deliver(() => accept(listener, packet, machine, id));
    }
    if (!hello) return alert('client sent an HTTP request to an HTTPS server');
    listener.life.deliver(() => shakeHands(listener, hello, machine, packet, id));
  };
  return {
    listen: (life, space, port, options, onConnection) => bind(parts, life, space, port, options, onConnection),
    forget: (id) => void accepting.delete(id),
    onSyn(machine, packet) {
      const { source, destination, from } = packet;
      const rewritten = machine === undefined ? destination : rules.rewrite(destination, 'TCP', source.address);
      if (rewritten === 'drop') return;
      if (rewritten === 'reject') return transmit(machine, { t: 'refused', to: from });
      if (rewritten !== destination) return sendOn(parts, machine, from, rewritten);
      if (!namespaces.at(destination.address)) return transmit(machine, { t: 'unreachable', to: from });
      const listener = namespaces.listenerAt(destination, packet.loopback === true);
      if (!listener) return transmit(machine, { t: 'refused', to: from });
      if (listener.options.handOver) return handOver(parts, listener, machine, packet);
      answer(listener, machine, packet);
    },
    onCertificate(machine, packet) {
      const half = accepting.get(packet.to);
      if (!half) return;
      const { listener, syn } = half;
      listener.life.deliver(() => {
        accepting.delete(packet.to);
        const { clientCas = [], clientAuth } = listener.options;
        const demands = { clientCas, required: clientAuth === 'require' };
        const verdict = checkClient(half.hello, half.answer, packet, demands, crypto, verifyCache, wallMs());
        if ('alert' in verdict) return transmit(machine, { t: 'alert', to: syn.from, message: verdict.alert });
        const session = { certificate: verdict.certificate, problem: verdict.problem };
        // What was wrong with a certificate may be right next time (a clock is set): only a good one is remembered.
        const ticket =
          verdict.problem === undefined ? Array.from(randomBytes(TICKET_BYTES), (byte) => byte.toString(16)).join('.') : undefined;
        if (ticket !== undefined) rememberSession(listener.sessions, ticket, session);
        transmit(machine, { t: 'open', to: syn.from, ...(ticket === undefined ? {} : { ticket }) });
        accept(listener, syn, machine, packet.to, session);
      });
    },
  };
}
