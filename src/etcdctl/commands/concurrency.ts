/** `etcdctl lock` and `elect`: the recipes of clientv3/concurrency on leases, transactions and watches. */
import type { etcd } from '#contracts';
import type { LeaseKeeper } from '#etcd/client';
import { CommandError, EXIT, prefixEnd, type Command, type Context } from '../command.ts';

/** A session: a lease kept alive. */
interface Session {
  readonly lease: string;
  readonly keeper: LeaseKeeper;
  end(): Promise<void>;
}

async function openSession({ client, timeoutMs }: Context, ttl: number): Promise<Session> {
  const own = client();
  const { id, ttl: granted } = await own.leaseGrant({ ttl }, { timeoutMs });
  const keeper = own.keepLease(id, granted);
  return {
    lease: id,
    keeper,
    async end() {
      keeper.stop();
      await own.leaseRevoke({ id }, { timeoutMs });
    },
  };
}

/** Puts the session's key under `prefix` unless it is there; gives its revision. */
async function enter({ client, timeoutMs }: Context, key: string, lease: string, value: string): Promise<number> {
  const answer = await client().txn(
    {
      compare: [{ key, result: 'EQUAL', target: 'CREATE', createRevision: 0 }],
      success: [{ put: { key, value, lease } }],
      failure: [{ range: { key } }],
    },
    { timeoutMs },
  );
  const [first] = answer.responses;
  return answer.succeeded
    ? answer.header.revision
    : (first && 'range' in first && first.range.kvs[0]?.createRevision) || answer.header.revision;
}

/** Waits until every key under `prefix` that was created before `revision` is gone; false when interrupted. */
async function waitForTurn({ client, timeoutMs, interrupted }: Context, prefix: string, revision: number): Promise<boolean> {
  const rangeEnd = prefixEnd(prefix);
  while (!interrupted.aborted) {
    const { kvs, header } = await client().range(
      { key: prefix, rangeEnd, sortTarget: 'CREATE', sortOrder: 'DESCEND', maxCreateRevision: revision - 1, limit: 1 },
      { timeoutMs },
    );
    const [last] = kvs;
    if (!last) return true;
    const watch = await client().watch({ key: last.key, startRevision: header.revision + 1, filters: ['NOPUT'] }, { signal: interrupted });
    for (let answer = await watch.receive(); answer && answer.events.length === 0; answer = await watch.receive());
    watch.cancel();
  }
  return false;
}

/** Ends when Ctrl-C comes, or with an error when the lease was lost. */
const untilInterrupted = ({ interrupted }: Context, keeper: LeaseKeeper): Promise<void> =>
  new Promise((resolve, reject) => {
    if (interrupted.aborted) return resolve();
    interrupted.addEventListener('abort', () => resolve(), { once: true });
    void keeper.lost.then(() => reject(new CommandError('session expired')));
  });

const lock: Command = {
  name: 'lock',
  usage: '<lockname> [exec-command arg1 arg2 ...]',
  summary: 'Acquires a named lock',
  flags: [{ name: 'ttl', fallback: '10', type: 'int', usage: 'timeout for session' }],
  async run(context) {
    const { args, flags, client, printer, process, run, timeoutMs } = context;
    const [name, ...words] = args;
    if (name === undefined) throw new CommandError('lock takes one lock name argument and an optional command to execute', EXIT.badArgs);
    const session = await openSession(context, flags.int('ttl'));
    const key = `${name}/${session.lease}`;
    let code = 0;
    if (await waitForTurn(context, `${name}/`, await enter(context, key, session.lease, ''))) {
      const held = await client().range({ key }, { timeoutMs });
      if (held.kvs.length === 0) throw new CommandError('lock lost on init');
      if (words.length > 0) code = await run(words, { ETCD_LOCK_KEY: key, ETCD_LOCK_REV: String(held.header.revision) });
      else {
        await process.stdout.write(printer.get(held));
        await untilInterrupted(context, session.keeper);
      }
    }
    await session.end();
    if (code !== 0) throw new CommandError(`exit status ${code}`, code);
  },
};

async function observe(context: Context, prefix: string): Promise<void> {
  const { client, printer, process, interrupted, timeoutMs } = context;
  const show = (header: etcd.ResponseHeader, kv: etcd.KeyValue): Promise<void> =>
    process.stdout.write(printer.get({ header, kvs: [kv], more: false, count: 1 }));
  const { kvs, header } = await client().range(
    { key: prefix, rangeEnd: prefixEnd(prefix), sortTarget: 'CREATE', sortOrder: 'ASCEND', limit: 1 },
    { timeoutMs },
  );
  let leader = kvs[0]?.key;
  if (kvs[0]) await show(header, kvs[0]);
  const watch = await client().watch(
    { key: prefix, rangeEnd: prefixEnd(prefix), startRevision: header.revision + 1 },
    { signal: interrupted },
  );
  for (let answer = await watch.receive(); answer; answer = await watch.receive()) {
    const first = await client().range(
      { key: prefix, rangeEnd: prefixEnd(prefix), sortTarget: 'CREATE', sortOrder: 'ASCEND', limit: 1 },
      { timeoutMs },
    );
    const [now] = first.kvs;
    if (now && (now.key !== leader || answer.events.some(({ kv }) => kv.key === leader))) await show(first.header, now);
    leader = now?.key;
  }
}

const elect: Command = {
  name: 'elect',
  usage: '<election-name> [proposal]',
  summary: 'Observes and participates in leader election',
  flags: [{ name: 'listen', shorthand: 'l', fallback: 'false', isSwitch: true, usage: 'observation mode' }],
  async run(context) {
    const { args, flags, client, printer, process, timeoutMs } = context;
    const [name, proposal] = args;
    if (name === undefined || args.length > 2)
      throw new CommandError('elect takes one election name argument and an optional proposal argument', EXIT.badArgs);
    if (flags.switch('listen')) {
      if (proposal !== undefined) throw new CommandError('no proposal given for listen mode', EXIT.badArgs);
      return observe(context, `${name}/`);
    }
    if (proposal === undefined) throw new CommandError('no proposal argument but -l not set', EXIT.badArgs);
    const session = await openSession(context, 60);
    const key = `${name}/${session.lease}`;
    if (await waitForTurn(context, `${name}/`, await enter(context, key, session.lease, proposal))) {
      await process.stdout.write(printer.get(await client().range({ key }, { timeoutMs })));
      await untilInterrupted(context, session.keeper);
    }
    await session.end();
  },
};

/** The commands. */
export const concurrencyCommands: readonly Command[] = [lock, elect];
