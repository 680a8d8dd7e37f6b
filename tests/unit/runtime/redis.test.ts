/** The redis image: its protocol, its commands, its files, and redis-cli as courses use it. */
import { describe, expect, it } from 'vitest';
import type { cri } from '../../../src/contracts/index.ts';
import { formatReply } from '../../../src/runtime/redis/cli.ts';
import { createDatabase } from '../../../src/runtime/redis/database.ts';
import { encodeCommand, encodeReply, respReader } from '../../../src/runtime/redis/resp.ts';
import { containerConfig, createBench, sandboxConfig, type Bench } from './machine.ts';

describe('RESP', () => {
  it('reads values however they are cut, counts bytes, and takes inline commands', () => {
    const reader = respReader({ inline: true });
    const text = encodeCommand(['SET', 'grüße', '']) + 'GET "two words"\r\n' + encodeReply([1, null, { simple: 'OK' }, ['a']]);
    const bytes = new TextEncoder().encode(text);
    const seen: unknown[] = [];
    for (const byte of bytes) {
      reader.push(new Uint8Array([byte]));
      for (let value = reader.next(); value !== undefined; value = reader.next()) seen.push(value);
    }
    expect(seen).toEqual([
      ['SET', 'grüße', ''],
      ['GET', 'two words'],
      [1, null, { simple: 'OK' }, ['a']],
    ]);
  });

  it('prints nested replies as redis-cli does on a terminal', () => {
    expect(formatReply([1, 'a', null, ['x', 'y']])).toBe('1) (integer) 1\n2) "a"\n3) (nil)\n4) 1) "x"\n   2) "y"\n');
    expect(formatReply([])).toBe('(empty array)\n');
  });
});

describe('a database', () => {
  it('forgets a key at its expiry and is the same after a dump', () => {
    let now = 1000;
    const db = createDatabase(() => now);
    db.set('a', { type: 'string', text: '1' });
    db.setExpiry('a', 1500);
    db.ensure('z', 'zset').scores.set('m', 2);
    const copy = createDatabase(() => now);
    copy.load(db.dump());
    expect(copy.expiry('a')).toBe(1500);
    now = 1500;
    expect(copy.get('a')).toBeUndefined();
    expect(copy.keys()).toEqual(['z']);
  });
});

async function runRedis(bench: Bench, name: string, args: readonly string[] = [], mounts: cri.ContainerConfig['mounts'] = []) {
  await bench.call('Image/PullImage', { image: 'redis:7' });
  const { podSandboxId } = await bench.call<cri.PodSandboxReference>('Runtime/RunPodSandbox', { config: sandboxConfig(name) });
  const { containerId } = await bench.call<cri.ContainerReference>('Runtime/CreateContainer', {
    podSandboxId,
    config: { ...containerConfig('redis', 'redis:7'), args, mounts },
  });
  await bench.call('Runtime/StartContainer', { containerId });
  await bench.simulation.run(5);
  const { status } = await bench.call<{ status: cri.PodSandboxStatus }>('Runtime/PodSandboxStatus', { podSandboxId });
  const sh = async (command: string): Promise<string> => {
    const { stdout, stderr } = await bench.call<cri.ExecSyncResponse>('Runtime/ExecSync', {
      containerId,
      command: ['sh', '-c', command],
      timeoutSeconds: 10,
    });
    return stdout + stderr;
  };
  return { containerId, podSandboxId, sh, ip: status.ip };
}

describe('the redis image', () => {
  it('does what redis-cli asks of strings, lists, hashes, sets, sorted sets and transactions', async () => {
    const { sh } = await runRedis(await createBench(), 'redis');
    const script = [
      'SET name "hello world" EX 100',
      'GET name',
      'TTL name',
      'INCRBY n 5',
      'LPUSH list a b c',
      'LRANGE list 0 -1',
      'HSET h f 1 g 2',
      'HGETALL h',
      'SADD s x x y',
      'ZADD z 2 two 1 one',
      'ZRANGE z 0 -1 WITHSCORES',
      'LPUSH name x',
      'NOSUCH a b',
      'GET',
      'MULTI',
      'INCR n',
      'EXEC',
      'KEYS l*',
      'CONFIG GET appendonly',
    ].join('\n');
    expect(await sh(`redis-cli <<'EOF'\n${script}\nEOF`)).toBe(
      [
        'OK',
        'hello world',
        '100',
        '5',
        '3',
        'c\nb\na',
        '2',
        'f\n1\ng\n2',
        '2',
        '2',
        'one\n1\ntwo\n2',
        'WRONGTYPE Operation against a key holding the wrong kind of value\n',
        "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \n",
        "ERR wrong number of arguments for 'get' command\n",
        'OK',
        'QUEUED',
        '6',
        'list',
        'appendonly\nno\n',
      ].join('\n'),
    );
    expect(await sh('redis-cli INFO keyspace')).toBe('# Keyspace\ndb0:keys=6,expires=1,avg_ttl=0\n\n');
    expect(await sh("printf 'PING\\r\\nQUIT\\r\\n' | nc 127.0.0.1 6379")).toBe('+PONG\r\n+OK\r\n');
  });

  it('is process 1 of its container, sees only what runs there, and ends when it is told to from inside', async () => {
    const bench = await createBench();
    const { sh, containerId } = await runRedis(bench, 'redis');
    expect(await sh('ps aux')).toMatch(
      /^UID +PID +PPID S CMD\nroot +1 +0 S redis-server\nroot +2 +0 S sh -c ps aux\nroot +\d +2 S ps aux\n$/,
    );
    expect(await sh('kill 99')).toContain('No such process');
    expect(await sh('kill -9 1; ps | grep -c redis-server')).toBe('1\n');
    await sh('kill 1');
    await bench.simulation.run(50);
    const { status } = await bench.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId });
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 0 });
  });

  it('tells subscribers what others publish, also by pattern', async () => {
    const { sh } = await runRedis(await createBench(), 'redis');
    const heard = await sh('(redis-cli PSUBSCRIBE "new*" > /tmp/heard & sleep 1; redis-cli PUBLISH news hello; cat /tmp/heard)');
    expect(heard).toBe('1\npsubscribe\nnew*\n1\npmessage\nnew*\nnews\nhello\n');
  });

  it('keeps its data over a restart, by dump and by append-only file', async () => {
    const bench = await createBench();
    for (const [name, args] of [
      ['dump', []],
      ['aof', ['--appendonly', 'yes']],
    ] as const) {
      bench.machine.files.makeDirectory(`/data-${name}`, { recursive: true });
      const mounts = [{ containerPath: '/data', hostPath: `/data-${name}`, readOnly: false }];
      const first = await runRedis(bench, `${name}-1`, args, mounts);
      expect(await first.sh('redis-cli RPUSH jobs a b; redis-cli SET gone x; redis-cli DEL gone')).toBe('2\nOK\n1\n');
      await bench.call('Runtime/StopContainer', { containerId: first.containerId, timeoutSeconds: name === 'dump' ? 10 : 0 });
      const second = await runRedis(bench, `${name}-2`, args, mounts);
      expect(await second.sh('redis-cli LRANGE jobs 0 -1; redis-cli DBSIZE')).toBe('a\nb\n1\n');
    }
  });

  it('asks for its password, and a replica has what its master has and takes no writes', async () => {
    const bench = await createBench();
    const master = await runRedis(bench, 'master', ['--requirepass', 'secret']);
    expect(await master.sh('redis-cli GET a; redis-cli -a secret SET a 1')).toBe('NOAUTH Authentication required.\n\nOK\n');
    const replica = await runRedis(bench, 'replica', ['--replicaof', master.ip, '6379', '--masterauth', 'secret']);
    await bench.simulation.run(100);
    await master.sh('redis-cli -a secret INCR a');
    expect(await replica.sh('redis-cli GET a; redis-cli SET a 5; redis-cli INFO replication | head -5')).toBe(
      `2\nREADONLY You can't write against a read only replica.\n\n# Replication\nrole:slave\nmaster_host:${master.ip}\nmaster_port:6379\nmaster_link_status:up\n`,
    );
  });
});
