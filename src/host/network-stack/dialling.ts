/** The dialling side: finding the way, the handshake as a client sees it, hand-overs to a backend, deadlines. */
import type { ConnectionEnd } from '../connection-end.ts';
import { clientCertificate, clientHello, whyServerRefused } from '../handshake.ts';
import type { Life } from '../life.ts';
import { NetworkError, type Address, type Connection, type DialOptions, type Peer } from '../network.ts';
import type { ClientHello, EndId, Endpoint, Packet, ServerHello } from '../packets.ts';
import { LOOPBACK, type Namespace } from './namespaces.ts';
import { DIAL_TIMEOUT_MS, type StackParts } from './parts.ts';
import { isWithinValidity, rememberSession, sessionKeyOf, type ClientSession } from './tls-sessions.ts';

/** A dial under way. */
interface Dialling {
  /** What answers are addressed to; another one once a load balancer was asked again, so that late answers are nobody's. */
  id: EndId;
  readonly life: Life;
  readonly options: DialOptions;
  readonly hello: ClientHello | undefined;
  readonly local: Endpoint;
  readonly asked: Endpoint;
  /** Under which the client remembers its session with this server. */
  readonly sessionKey: string;
  pending: { from: EndId; hello: ServerHello | undefined } | undefined;
  /** Who handed it where. */
  handedOver: { readonly to: Address; readonly by: Way['machine'] } | undefined;
  /** Its load balancer was asked a second time. */
  askedAgain: boolean;
  readonly settle: (outcome: ConnectionEnd | NetworkError) => void;
}

/** Where a dial goes: the endpoint after rewriting and the machine it is on (undefined: this one). */
interface Way {
  readonly target: Endpoint;
  readonly machine: Address | undefined;
}

type Answer<T extends Packet['t']> = Extract<Packet, { t: T }>;

/** The dialling side of one machine. */
export interface Diallers {
  /** Rejects with ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, or EPROTO where the handshake fails. */
  dial(life: Life, space: Namespace, address: Address, port: number, options: DialOptions): Promise<Connection>;
  onAccepted(machine: Address | undefined, packet: Answer<'accepted'>): void;
  onOpen(machine: Address | undefined, packet: Answer<'open'>): void;
  onHandOver(machine: Address | undefined, packet: Answer<'hand-over'>): void;
  /** Nobody listens there: the dial is over, unless a load balancer may choose another. */
  onRefused(id: EndId): void;
  /** The other side, or the load balancer that gave the backend up, ends it. Over as well, unless another may be chosen. */
  onReset(machine: Address | undefined, id: EndId): void;
  /** Ends a dial; nothing happens when it is over. */
  fail(id: EndId, error: NetworkError): void;
  readonly count: number;
}

/** The way, `drop` where a rule lets packets vanish, or why there is none. */
function wayTo({ rules, namespaces }: StackParts, asked: Endpoint, isLocal: boolean, client: Address): Way | 'drop' | NetworkError {
  const target = isLocal ? asked : rules.rewrite(asked, 'TCP', client);
  if (target === 'reject') return new NetworkError('ECONNREFUSED', 'connect: connection refused');
  if (target === 'drop') return 'drop';
  const machine = namespaces.routeTo(target.address);
  return machine === 'none' ? new NetworkError('EHOSTUNREACH', 'connect: no route to host') : { target, machine };
}

/** Nobody dials yet. */
export function createDiallers(parts: StackParts): Diallers {
  const { namespaces, connections, transmit, queue, timers, crypto, randomBytes, verifyCache, wallMs } = parts;
  const dialling = new Map<EndId, Dialling>();
  const sessions = new Map<string, ClientSession>();
  const fail = (id: EndId, error: NetworkError): void => {
    const dial = dialling.get(id);
    if (!dial) return;
    dialling.delete(id);
    dial.settle(error);
  };
  const opened = (id: EndId, remoteId: EndId, machine: Address | undefined, dial: Dialling): void => {
    dialling.delete(id);
    const shown = dial.pending?.hello?.chain[0];
    const remembered = dial.hello?.ticket === undefined ? undefined : sessions.get(dial.sessionKey)?.certificate;
    const peer: Peer = { ...dial.asked, certificate: shown ? verifyCache.parse(shown) : remembered };
    const namespace = namespaces.at(dial.local.address)?.name ?? 'host';
    const { userTimeoutMs } = dial.options;
    const balancer = dial.handedOver && { machine: dial.handedOver.by };
    dial.settle(
      connections.establish({ id, remoteId, machine, life: dial.life, local: dial.local, peer, namespace, userTimeoutMs, balancer }),
    );
  };
  /** Asks the load balancer for a backend once more; false where none had chosen one or it was asked again already. */
  const askAgain = (dial: Dialling, refusedBy?: Address): boolean => {
    const machine = namespaces.routeTo(dial.asked.address);
    if (!dial.handedOver || dial.askedAgain || machine === 'none') return false;
    dialling.delete(dial.id);
    dial.id = connections.newId();
    dial.askedAgain = true;
    dial.pending = undefined;
    dialling.set(dial.id, dial);
    const { local: source, asked: destination } = dial;
    const said = { ...(dial.hello ? { hello: dial.hello } : {}), ...(refusedBy === undefined ? {} : { refusedBy }) };
    transmit(machine, { t: 'syn', from: dial.id, source, destination, ...said });
    return true;
  };
  const helloFor = (address: Address, options: DialOptions, sessionKey: string): ClientHello => {
    const fresh = clientHello(options.serverName ?? address, randomBytes);
    const session = sessions.get(sessionKey);
    return session && isWithinValidity(session.certificate, wallMs()) ? { ...fresh, ticket: session.ticket } : fresh;
  };
  const start = (
    life: Life,
    space: Namespace,
    asked: Endpoint,
    options: DialOptions,
    settle: (outcome: Connection | NetworkError) => void,
  ): void => {
    const isLocal = asked.address === LOOPBACK || asked.address === 'localhost';
    const own = space.addresses[0]!;
    const way = wayTo(parts, isLocal ? { ...asked, address: own } : asked, isLocal, own);
    if (way instanceof NetworkError) return settle(way);
    const id = connections.newId();
    const isTls = options.rootCas !== undefined || options.insecureSkipVerify === true || options.identity !== undefined;
    const sessionKey = isTls ? sessionKeyOf(asked.address, asked.port, options) : '';
    const hello = isTls ? helloFor(asked.address, options, sessionKey) : undefined;
    const local: Endpoint = { address: isLocal ? LOOPBACK : own, port: namespaces.ephemeralPort(space) };
    const timedOut = (): void => fail(dial.id, new NetworkError('ETIMEDOUT', 'i/o timeout'));
    const stopTimer = timers.set(options.timeoutMs ?? DIAL_TIMEOUT_MS, () => queue.enqueue(timedOut));
    const letGo = life.hold('connection', () => {
      stopTimer();
      dialling.delete(dial.id);
    });
    const dial: Dialling = {
      id,
      life,
      options: options.insecureSkipVerify ? { ...options, rootCas: undefined as never } : options,
      hello,
      local,
      asked,
      sessionKey,
      pending: undefined,
      handedOver: undefined,
      askedAgain: false,
      settle: (outcome) => {
        stopTimer();
        letGo();
        settle(outcome instanceof NetworkError ? outcome : outcome.connection);
      },
    };
    dialling.set(id, dial);
    if (way === 'drop') return;
    const loopback = isLocal ? { loopback: true as const } : {};
    transmit(way.machine, { t: 'syn', from: id, source: local, destination: way.target, ...loopback, ...(hello ? { hello } : {}) });
  };
  return {
    dial: (life, space, address, port, options) =>
      life.guard(
        new Promise((resolve, reject) => {
          start(life, space, { address, port }, options, (outcome) =>
            outcome instanceof NetworkError ? reject(outcome) : resolve(outcome),
          );
        }),
      ),
    onAccepted(machine, packet) {
      const dial = dialling.get(packet.to);
      if (!dial) return transmit(machine, { t: 'reset', to: packet.from });
      dial.life.deliver(() => {
        if (!dialling.has(packet.to)) return;
        if (!packet.hello || !dial.hello) return opened(packet.to, packet.from, machine, dial);
        const roots = dial.options.rootCas;
        const refusal = roots ? whyServerRefused(dial.hello, packet.hello, roots, crypto, verifyCache, wallMs()) : undefined;
        if (refusal) {
          dialling.delete(packet.to);
          transmit(machine, { t: 'reset', to: packet.from });
          return dial.settle(new NetworkError('EPROTO', refusal));
        }
        dial.pending = { from: packet.from, hello: packet.hello };
        transmit(machine, {
          t: 'certificate',
          to: packet.from,
          ...clientCertificate(dial.hello, packet.hello, dial.options.identity, crypto),
        });
      });
    },
    onOpen(machine, packet) {
      const dial = dialling.get(packet.to);
      const from = dial?.pending?.from ?? packet.resumedFrom;
      if (!dial || from === undefined) return;
      dial.life.deliver(() => {
        const leaf = dial.pending?.hello?.chain[0];
        if (packet.ticket !== undefined && leaf)
          rememberSession(sessions, dial.sessionKey, { ticket: packet.ticket, certificate: verifyCache.parse(leaf) });
        opened(packet.to, from, machine, dial);
      });
    },
    onHandOver(from, packet) {
      const dial = dialling.get(packet.to);
      if (!dial) return;
      const way = packet.via ?? namespaces.routeTo(packet.destination.address);
      if (way === 'none') return fail(packet.to, new NetworkError('EHOSTUNREACH', 'connect: no route to host'));
      const machine = way === parts.address ? undefined : way;
      const hello = dial.hello ? { hello: dial.hello } : {};
      if (packet.via === undefined) dial.handedOver = { to: packet.destination.address, by: from };
      transmit(machine, { t: 'syn', from: packet.to, source: dial.local, destination: packet.destination, ...hello });
    },
    fail,
    onRefused(id) {
      const dial = dialling.get(id);
      if (dial && askAgain(dial, dial.handedOver?.to)) return;
      fail(id, new NetworkError('ECONNREFUSED', 'connect: connection refused'));
    },
    onReset(machine, id) {
      const dial = dialling.get(id);
      if (dial?.handedOver && dial.handedOver.by === machine && askAgain(dial)) return;
      fail(id, new NetworkError('ECONNRESET', 'read: connection reset by peer'));
    },
    get count() {
      return dialling.size;
    },
  };
}
