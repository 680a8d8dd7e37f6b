/** Datagrams (UDP): sockets that queue what arrives and drop what they have no room for; nothing tells the sender. */
import type { Life } from '../life.ts';
import { NetworkError, type Address, type Datagram, type DatagramSocket, type Message } from '../network.ts';
import type { Endpoint, Packet } from '../packets.ts';
import { LOOPBACK, type Namespace } from './namespaces.ts';
import type { StackParts } from './parts.ts';

/** Datagrams a socket keeps before it drops. */
const DATAGRAM_QUEUE = 256;

/** The datagrams of one machine. */
export interface Datagrams {
  /** Port 0 is any free one; EADDRINUSE where another socket has it. */
  open(life: Life, space: Namespace, port: number): Promise<DatagramSocket>;
  receive(machine: Address | undefined, packet: Extract<Packet, { t: 'datagram' }>): void;
}

/** No socket yet. */
export function createDatagrams({ namespaces, rules, transmit }: StackParts): Datagrams {
  const send = (source: Endpoint, destination: Endpoint, payload: Message): void => {
    const machine = namespaces.routeTo(destination.address);
    if (machine !== 'none') transmit(machine, { t: 'datagram', source, destination, payload });
  };
  return {
    open(life, space, port) {
      const bound = port === 0 ? namespaces.ephemeralPort(space) : port;
      if (space.sockets.has(bound)) return life.guard(Promise.reject(new NetworkError('EADDRINUSE', 'bind: address already in use')));
      const waiting: ((datagram: Datagram) => void)[] = [];
      const unread: Datagram[] = [];
      const close = (): void => {
        letGo();
        space.sockets.delete(bound);
      };
      const letGo = life.hold('listener', close);
      const take = (datagram: Datagram): void => {
        const receiver = waiting.shift();
        if (receiver) receiver(datagram);
        else if (unread.length < DATAGRAM_QUEUE) unread.push(datagram);
      };
      space.sockets.set(bound, { life, take });
      const own = space.addresses[0]!;
      return life.guard(
        Promise.resolve<DatagramSocket>({
          port: bound,
          send(address, toPort, payload) {
            const target = address === LOOPBACK ? { address: own, port: toPort } : rules.rewrite({ address, port: toPort }, 'UDP', own);
            if (typeof target !== 'string') send({ address: own, port: bound }, target, payload);
          },
          receive() {
            const first = unread.shift();
            return life.guard(first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve)));
          },
          close,
        }),
      );
    },
    receive(machine, { source, destination, payload }) {
      const space = namespaces.at(destination.address);
      const socket = space?.sockets.get(destination.port);
      if (socket) return socket.take({ from: source, payload });
      if (machine === undefined || space) return;
      const rewritten = rules.rewrite(destination, 'UDP', source.address);
      if (typeof rewritten !== 'string' && rewritten !== destination) send(source, rewritten, payload);
    },
  };
}
