/** Commands on the server itself. */
import { CommandError } from '../database.ts';
import { OK } from '../resp.ts';
import { infoText, type ServerState } from '../server-state.ts';
import { read, syntaxError, type CommandContext, type CommandTable } from './command.ts';
import { globPattern } from './keys.ts';

function config({ server }: CommandContext, [verb, ...words]: readonly string[]) {
  switch (verb!.toUpperCase()) {
    case 'GET':
      return [...server.config].filter(([name]) => words.some((glob) => globPattern(glob.toLowerCase()).test(name))).flat();
    case 'SET':
      if (words.length < 2 || words.length % 2) throw new CommandError("ERR wrong number of arguments for 'config|set' command");
      for (let at = 0; at < words.length; at += 2) {
        const name = words[at]!.toLowerCase();
        if (!server.config.has(name)) throw new CommandError(`ERR Unknown option or number of arguments for CONFIG SET - '${words[at]}'`);
        server.config.set(name, words[at + 1]!);
      }
      return OK;
    case 'RESETSTAT':
      server.commandsProcessed = 0;
      server.connectionsReceived = 0;
      return OK;
    default:
      throw new CommandError(`ERR unknown subcommand '${verb}'. Try CONFIG HELP.`);
  }
}

function client({ server }: CommandContext, [verb]: readonly string[]) {
  switch (verb!.toUpperCase()) {
    case 'SETNAME':
    case 'SETINFO':
      return OK;
    case 'GETNAME':
      return null;
    case 'ID':
      return server.connectionsReceived;
    default:
      throw new CommandError(`ERR unknown subcommand '${verb}'. Try CLIENT HELP.`);
  }
}

function pubsub({ server }: CommandContext, [verb, ...names]: readonly string[]) {
  switch (verb!.toUpperCase()) {
    case 'CHANNELS':
      return [...server.channels.keys()].filter((name) => names[0] === undefined || globPattern(names[0]).test(name));
    case 'NUMSUB':
      return names.flatMap((name) => [name, server.channels.get(name)?.size ?? 0]);
    case 'NUMPAT':
      return server.patterns.size;
    default:
      throw new CommandError(`ERR unknown subcommand '${verb}'. Try PUBSUB HELP.`);
  }
}

/** ROLE as a master or a replica answers it. */
function role({ master, replicas }: ServerState) {
  return master
    ? ['slave', master.host, master.port, master.isLinkUp ? 'connected' : 'connect', 0]
    : ['master', 0, [...replicas.values()].map((address) => [address, '6379', '0'])];
}

/** The server. */
export const serverCommands: CommandTable = {
  ping: read(-1, (_context, [text]) => text ?? { simple: 'PONG' }),
  echo: read(2, (_context, [text]) => text!),
  info: read(-1, ({ server, nowMs }, [name]) => infoText(server, name, nowMs())),
  config: read(-2, config),
  client: read(-2, client),
  pubsub: read(-2, pubsub),
  command: read(-1, (_context, [verb]) => (verb?.toUpperCase() === 'COUNT' ? 241 : [])),
  time: read(1, ({ nowMs }) => [String(Math.floor(nowMs() / 1000)), String((nowMs() % 1000) * 1000)]),
  lastsave: read(1, ({ server }) => Math.floor(server.lastSaveMs / 1000)),
  role: read(1, ({ server }) => role(server)),
  select: read(2, (_context, [index]) => {
    if (index !== '0')
      throw new CommandError(/^\d+$/.test(index!) ? 'ERR DB index is out of range' : 'ERR value is not an integer or out of range');
    return OK;
  }),
  save: read(1, ({ server }) => {
    server.save();
    return OK;
  }),
  bgsave: read(-1, ({ server }) => {
    server.save();
    return { simple: 'Background saving started' };
  }),
  bgrewriteaof: read(1, ({ server }) => {
    server.save();
    return { simple: 'Background append only file rewriting started' };
  }),
  replicaof: read(3, ({ server }, [host, port]) => {
    if (host!.toUpperCase() === 'NO') server.config.set('replicaof', '');
    else if (/^\d+$/.test(port!)) server.config.set('replicaof', `${host} ${port}`);
    else throw syntaxError();
    server.followMaster();
    return OK;
  }),
};
