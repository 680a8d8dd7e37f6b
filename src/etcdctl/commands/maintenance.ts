/** Commands that care for the store: compaction, defrag, alarm, move-leader, version. */
import { CommandError, EXIT, idOf, type Command } from '../command.ts';
import { failureOf } from '../failure.ts';
import { askedEndpoints } from './endpoint.ts';

const compaction: Command = {
  name: 'compaction',
  usage: '[options] <revision>',
  summary: 'Compacts the event history in etcd',
  flags: [
    { name: 'physical', fallback: 'false', isSwitch: true, usage: "'true' to wait for compaction to physically remove all old revisions" },
  ],
  async run({ args, client, timeoutMs, flags, print }) {
    if (args.length !== 1) throw new CommandError('compaction command needs 1 argument', EXIT.badArgs);
    const [text = ''] = args;
    if (!/^[-+]?\d+$/.test(text)) throw new CommandError(`strconv.ParseInt: parsing "${text}": invalid syntax`);
    await client().compact({ revision: Number(text), ...(flags.switch('physical') ? { physical: true } : {}) }, { timeoutMs });
    await print(`compacted revision ${Number(text)}`);
  },
};

const defrag: Command = {
  name: 'defrag',
  usage: '',
  summary: 'Defragments the storage of the etcd members with given endpoints',
  flags: [{ name: 'cluster', fallback: 'false', isSwitch: true, usage: 'use all endpoints from the cluster member list' }],
  async run(context) {
    const { client, process, print, timeoutMs } = context;
    let failures = 0;
    for (const endpoint of await askedEndpoints(context)) {
      try {
        await client(endpoint).defragment({}, { timeoutMs });
        await print(`Finished defragmenting etcd member[${endpoint}]`);
      } catch (failure) {
        failures++;
        await process.stderr.write(`Failed to defragment etcd member[${endpoint}] (${await failureOf(process, failure, endpoint)})\n`);
      }
    }
    return failures > 0 ? EXIT.error : 0;
  },
};

const alarmList: Command = {
  name: 'alarm list',
  usage: '',
  summary: 'Lists all alarms',
  async run({ client, printer, process, timeoutMs }) {
    await process.stdout.write(printer.alarm(await client().alarm({ action: 'GET' }, { timeoutMs })));
  },
};

const alarmDisarm: Command = {
  name: 'alarm disarm',
  usage: '',
  summary: 'Disarms all alarms',
  async run({ client, printer, process, timeoutMs }) {
    await process.stdout.write(printer.alarm(await client().alarm({ action: 'DEACTIVATE' }, { timeoutMs })));
  },
};

const moveLeader: Command = {
  name: 'move-leader',
  usage: '<transferee-member-id>',
  summary: 'Transfers leadership to another etcd cluster member.',
  async run({ args, client, endpoints, printer, process, timeoutMs }) {
    if (args.length !== 1) throw new CommandError('move-leader command needs 1 argument', EXIT.badArgs);
    if (!/^[0-9a-fA-F]{1,16}$/.test(args[0]!))
      throw new CommandError(`strconv.ParseUint: parsing "${args[0]!}": invalid syntax`, EXIT.badArgs);
    const targetId = idOf(args[0]!, 'member ID');
    for (const endpoint of endpoints) {
      const { leader, header } = await client(endpoint).status({}, { timeoutMs });
      if (leader !== header.memberId) continue;
      await client(endpoint).moveLeader({ targetId }, { timeoutMs });
      await process.stdout.write(printer.moveLeader(leader, targetId));
      return;
    }
    throw new CommandError(`no leader endpoint given at [${endpoints.join(' ')}]`, EXIT.badArgs);
  },
};

/** Version of etcdctl, that of the etcd image. */
export const ETCDCTL_VERSION = '3.5.21';

const version: Command = {
  name: 'version',
  usage: '',
  summary: 'Prints the version of etcdctl',
  async run({ print }) {
    await print(`etcdctl version: ${ETCDCTL_VERSION}\nAPI version: ${ETCDCTL_VERSION.split('.').slice(0, 2).join('.')}`);
  },
};

/** The commands. */
export const maintenanceCommands: readonly Command[] = [alarmDisarm, alarmList, compaction, defrag, moveLeader, version];
