/** `etcdctl lease`: grant, revoke, timetolive, list, keep-alive. */
import { CommandError, EXIT, id16, idOf, type Command, type Context } from '../command.ts';

function oneId({ args }: Context, complaint: string): string {
  if (args.length !== 1) throw new CommandError(complaint, EXIT.badArgs);
  return idOf(args[0]!, 'lease ID arg');
}

const grant: Command = {
  name: 'lease grant',
  usage: '<ttl>',
  summary: 'Creates leases',
  async run({ args, client, printer, process, timeoutMs }) {
    if (args.length !== 1) throw new CommandError('lease grant command needs TTL argument', EXIT.badArgs);
    if (!/^[-+]?\d+$/.test(args[0]!))
      throw new CommandError(`bad TTL (strconv.ParseInt: parsing "${args[0]!}": invalid syntax)`, EXIT.badArgs);
    await process.stdout.write(printer.grant(await client().leaseGrant({ ttl: Number(args[0]) }, { timeoutMs })));
  },
};

const revoke: Command = {
  name: 'lease revoke',
  usage: '<leaseID>',
  summary: 'Revokes leases',
  async run(context) {
    const { client, printer, process, timeoutMs } = context;
    const id = oneId(context, 'lease revoke command needs 1 argument');
    await process.stdout.write(printer.revoke(id, await client().leaseRevoke({ id }, { timeoutMs })));
  },
};

const timeToLive: Command = {
  name: 'lease timetolive',
  usage: '<leaseID> [options]',
  summary: 'Get lease information',
  flags: [{ name: 'keys', fallback: 'false', isSwitch: true, usage: 'Get keys attached to this lease' }],
  async run(context) {
    const { client, printer, process, timeoutMs, flags } = context;
    const id = oneId(context, 'lease timetolive command needs lease ID as argument');
    await process.stdout.write(
      printer.timeToLive(await client().leaseTimeToLive({ id, keys: flags.switch('keys') }, { timeoutMs }), flags.switch('keys')),
    );
  },
};

const list: Command = {
  name: 'lease list',
  usage: '',
  summary: 'List all active leases',
  async run({ client, printer, process, timeoutMs }) {
    await process.stdout.write(printer.leases(await client().leases({}, { timeoutMs })));
  },
};

const keepAlive: Command = {
  name: 'lease keep-alive',
  usage: '[options] <leaseID>',
  summary: 'Keeps leases alive (renew)',
  flags: [
    {
      name: 'once',
      fallback: 'false',
      isSwitch: true,
      usage: 'Resets the keep-alive time to its original value and cobrautl.Exits immediately',
    },
  ],
  async run(context) {
    const { client, printer, process, flags, interrupted, timeoutMs } = context;
    const id = oneId(context, 'lease keep-alive command needs lease ID as argument');
    for (;;) {
      const answer = await client().leaseKeepAliveOnce({ id }, { timeoutMs });
      if (answer.ttl <= 0) {
        if (flags.switch('once')) throw new CommandError('etcdserver: requested lease not found');
        await process.stdout.write(`lease ${id16(id)} expired or revoked.\n`);
        return;
      }
      await process.stdout.write(printer.keepAlive(answer));
      if (flags.switch('once') || interrupted.aborted) return;
      // clientv3 renews after a third of the TTL.
      await new Promise<void>((resolve) => {
        const stop = process.clock.after((answer.ttl * 1_000) / 3, resolve);
        interrupted.addEventListener(
          'abort',
          () => {
            stop();
            resolve();
          },
          { once: true },
        );
      });
      if (interrupted.aborted) return;
    }
  },
};

/** The commands. */
export const leaseCommands: readonly Command[] = [grant, revoke, timeToLive, list, keepAlive];
