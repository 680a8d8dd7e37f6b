/** `etcdctl member`: list, add (as a learner too), promote, update, remove. */
import { CommandError, EXIT, idOf, type Command, type Context } from '../command.ts';

function memberId({ args }: Context): string {
  if (args.length !== 1) throw new CommandError('member ID is not provided', EXIT.badArgs);
  return idOf(args[0]!, 'member ID arg');
}

const list: Command = {
  name: 'member list',
  usage: '',
  summary: 'Lists all members in the cluster',
  flags: [{ name: 'consistency', fallback: 'l', usage: 'Linearizable(l) or Serializable(s)' }],
  async run({ client, printer, process, timeoutMs, flags }) {
    await process.stdout.write(
      printer.memberList(await client().memberList({ linearizable: flags.text('consistency') !== 's' }, { timeoutMs })),
    );
  },
};

const add: Command = {
  name: 'member add',
  usage: '<memberName> [options]',
  summary: 'Adds a member into the cluster',
  flags: [
    { name: 'learner', fallback: 'false', isSwitch: true, usage: 'indicates if the new member is raft learner' },
    { name: 'peer-urls', fallback: '', type: 'strings', usage: 'comma separated peer URLs for the new member.' },
  ],
  async run({ args, flags, client, printer, process, timeoutMs, print }) {
    const [name] = args;
    if (name === undefined) throw new CommandError('member name not provided', EXIT.badArgs);
    if (args.length > 1) throw new CommandError(`too many arguments: ${args.join(' ')}`, EXIT.badArgs);
    const peerUrls = flags.list('peer-urls');
    if (peerUrls.length === 0) throw new CommandError('member peer urls not provided', EXIT.badArgs);
    const answer = await client().memberAdd({ peerUrls, ...(flags.switch('learner') ? { isLearner: true } : {}) }, { timeoutMs });
    await process.stdout.write(printer.memberAdd(answer));
    if (printer.format !== 'simple') return;
    const cluster = answer.members.flatMap((member) =>
      member.peerUrls.map((url) => `${member.id === answer.member.id ? name : member.name}=${url}`),
    );
    await print(
      `\nETCD_NAME="${name}"\nETCD_INITIAL_CLUSTER="${cluster.join(',')}"\nETCD_INITIAL_ADVERTISE_PEER_URLS="${peerUrls.join(',')}"\nETCD_INITIAL_CLUSTER_STATE="existing"`,
    );
  },
};

const remove: Command = {
  name: 'member remove',
  usage: '<memberID>',
  summary: 'Removes a member from the cluster',
  async run(context) {
    const id = memberId(context);
    await context.process.stdout.write(
      context.printer.memberRemove(id, await context.client().memberRemove({ id }, { timeoutMs: context.timeoutMs })),
    );
  },
};

const update: Command = {
  name: 'member update',
  usage: '<memberID> [options]',
  summary: 'Updates a member in the cluster',
  flags: [{ name: 'peer-urls', fallback: '', type: 'strings', usage: 'comma separated peer URLs for the updated member.' }],
  async run(context) {
    const id = memberId(context);
    const peerUrls = context.flags.list('peer-urls');
    if (peerUrls.length === 0) throw new CommandError('member peer urls not provided', EXIT.badArgs);
    await context.process.stdout.write(
      context.printer.memberUpdate(id, await context.client().memberUpdate({ id, peerUrls }, { timeoutMs: context.timeoutMs })),
    );
  },
};

const promote: Command = {
  name: 'member promote',
  usage: '<memberID>',
  summary: 'Promotes a non-voting member in the cluster',
  async run(context) {
    const id = memberId(context);
    await context.process.stdout.write(
      context.printer.memberPromote(id, await context.client().memberPromote({ id }, { timeoutMs: context.timeoutMs })),
    );
  },
};

/** The commands. */
export const memberCommands: readonly Command[] = [list, add, remove, update, promote];
