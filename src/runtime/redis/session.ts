/** One client of a Redis server: authentication, transactions, subscriptions, and everything else by the table of commands. */
import { commands, globPattern, type CommandContext } from './commands/index.ts';
import { CommandError } from './database.ts';
import { encodeReply, isError, OK, type Reply } from './resp.ts';
import type { ServerState, Subscriber } from './server-state.ts';

/** What a session stands on. */
export interface SessionParts {
  readonly context: CommandContext;
  readonly self: Subscriber;
  /** Address of the client. */
  readonly address: string;
  /** A command has changed keys: it goes into the append-only file and to the replicas. */
  readonly onWrite: (words: readonly string[]) => void;
}

/** A session; `run` answers undefined where nothing (more) is to be sent. */
export interface Session {
  run(words: readonly string[]): Reply | undefined;
  /** The client has gone. */
  end(): void;
  /** QUIT was answered: the connection ends. */
  readonly isOver: boolean;
}

const IN_SUBSCRIPTION: readonly string[] = ['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'ping', 'quit'];

const unknownCommand = (name: string, args: readonly string[]): Reply => ({
  error: `ERR unknown command '${name}', with args beginning with: ${args.map((arg) => `'${arg}' `).join('')}`,
});

/** Runs one command of the table. */
export function execute(context: CommandContext, words: readonly string[], onWrite: SessionParts['onWrite']): Reply {
  const [name = '', ...args] = words;
  const lower = name.toLowerCase();
  const command = Object.hasOwn(commands, lower) ? commands[lower] : undefined;
  if (!command) return unknownCommand(name, args);
  if (command.arity > 0 ? words.length !== command.arity : words.length < -command.arity)
    return { error: `ERR wrong number of arguments for '${lower}' command` };
  if (command.isWrite && context.server.master) return { error: "READONLY You can't write against a read only replica." };
  try {
    const reply = command.run(context, args);
    context.server.commandsProcessed++;
    if (command.isWrite) onWrite(words);
    return reply;
  } catch (error) {
    if (error instanceof CommandError) return { error: error.message };
    throw error;
  }
}

/** Sends a message to whoever has subscribed; answers how many that were. */
export function publish({ channels, patterns }: ServerState, channel: string, message: string): number {
  let reached = 0;
  for (const subscriber of channels.get(channel) ?? []) {
    subscriber.send(encodeReply(['message', channel, message]));
    reached++;
  }
  for (const [pattern, subscribers] of patterns) {
    if (!globPattern(pattern).test(channel)) continue;
    for (const subscriber of subscribers) subscriber.send(encodeReply(['pmessage', pattern, channel, message]));
    reached += subscribers.size;
  }
  return reached;
}

/** The subscriptions of one client. */
function subscriptions(server: ServerState, self: Subscriber) {
  const own = { subscribe: new Set<string>(), psubscribe: new Set<string>() };
  const registry = { subscribe: server.channels, psubscribe: server.patterns };
  const count = (): number => own.subscribe.size + own.psubscribe.size;
  const leave = (kind: 'subscribe' | 'psubscribe', name: string): void => {
    own[kind].delete(name);
    const subscribers = registry[kind].get(name);
    subscribers?.delete(self);
    if (subscribers?.size === 0) registry[kind].delete(name);
  };
  return {
    count,
    join(kind: 'subscribe' | 'psubscribe', names: readonly string[]): void {
      for (const name of names) {
        own[kind].add(name);
        registry[kind].set(name, (registry[kind].get(name) ?? new Set()).add(self));
        self.send(encodeReply([kind, name, count()]));
      }
    },
    leave(kind: 'subscribe' | 'psubscribe', names: readonly string[]): void {
      const leaving = names.length ? names : [...own[kind]];
      const word = kind === 'subscribe' ? 'unsubscribe' : 'punsubscribe';
      if (!leaving.length) self.send(encodeReply([word, null, count()]));
      for (const name of leaving) {
        leave(kind, name);
        self.send(encodeReply([word, name, count()]));
      }
    },
    leaveAll(): void {
      for (const kind of ['subscribe', 'psubscribe'] as const) for (const name of [...own[kind]]) leave(kind, name);
    },
  };
}

/** Makes the session of a client. */
export function createSession({ context, self, address, onWrite }: SessionParts): Session {
  const { server } = context;
  const subscribed = subscriptions(server, self);
  let isAuthenticated = false;
  let isOver = false;
  let queue: (readonly string[])[] | undefined;
  const password = (): string => server.config.get('requirepass') ?? '';
  const authenticate = (given: string | undefined): Reply => {
    if (!password())
      return {
        error:
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      };
    if (given !== password()) return { error: 'WRONGPASS invalid username-password pair or user is disabled.' };
    isAuthenticated = true;
    return OK;
  };
  const own: Readonly<Record<string, (args: readonly string[]) => Reply | undefined>> = {
    auth: (args) => authenticate(args.at(-1)),
    hello: () => [
      'server',
      'redis',
      'version',
      server.version,
      'proto',
      2,
      'mode',
      'standalone',
      'role',
      server.master ? 'replica' : 'master',
    ],
    quit() {
      isOver = true;
      return OK;
    },
    multi() {
      if (queue) return { error: 'ERR MULTI calls can not be nested' };
      queue = [];
      return OK;
    },
    watch: () => OK,
    unwatch: () => OK,
    subscribe: (names) => void subscribed.join('subscribe', names),
    psubscribe: (names) => void subscribed.join('psubscribe', names),
    unsubscribe: (names) => void subscribed.leave('subscribe', names),
    punsubscribe: (names) => void subscribed.leave('psubscribe', names),
    publish: ([channel = '', message = '']) => publish(server, channel, message),
    sync() {
      server.replicas.set(self, address);
      return server.db.dump();
    },
    shutdown: () => void server.shutDown(),
  };
  /** EXEC and DISCARD; every other command waits in the queue. */
  const inTransaction = (name: string, words: readonly string[]): Reply => {
    const queued = queue!;
    if (name === 'exec') {
      queue = undefined;
      return queued.map((waiting) => execute(context, waiting, onWrite));
    }
    if (name === 'discard') {
      queue = undefined;
      return OK;
    }
    if (name === 'multi') return { error: 'ERR MULTI calls can not be nested' };
    queued.push(words);
    return { simple: 'QUEUED' };
  };
  return {
    run(words) {
      const name = (words[0] ?? '').toLowerCase();
      if (!name) return undefined;
      if (password() && !isAuthenticated && !['auth', 'hello', 'quit'].includes(name)) return { error: 'NOAUTH Authentication required.' };
      if (subscribed.count() > 0 && !IN_SUBSCRIPTION.includes(name))
        return {
          error: `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
        };
      if (queue) return inTransaction(name, words);
      if (name === 'exec' || name === 'discard') return { error: `ERR ${name.toUpperCase()} without MULTI` };
      if (Object.hasOwn(own, name)) return own[name]!(words.slice(1));
      return execute(context, words, onWrite);
    },
    end() {
      subscribed.leaveAll();
      server.replicas.delete(self);
    },
    get isOver() {
      return isOver;
    },
  };
}

/** Whether a reply is a failure, for whoever replays commands. */
export const isFailure = (reply: Reply | undefined): boolean => reply !== undefined && isError(reply);
