/** The disk of a machine in a real browser: what is acknowledged is there at the next opening, an earlier life cannot write, a full one says so. */
import { afterEach, describe, expect, it } from 'vitest';
import { databaseName, openIndexedDbDisk } from '#host/browser';

const CLUSTER = 'disk-test';
let machines = 0;
const newMachine = (): string => `machine-${++machines}`;
const open = (machine: string) =>
  openIndexedDbDisk(CLUSTER, machine, (reason) => {
    throw new Error(reason);
  });

describe('the disk of a machine in IndexedDB', () => {
  afterEach(async () => {
    for (const { name } of await indexedDB.databases()) if (name?.startsWith(databaseName(CLUSTER, ''))) indexedDB.deleteDatabase(name);
  });

  it('gives back at the next opening what it acknowledged', async () => {
    const machine = newMachine();
    const before = await open(machine);
    await before.log('wal').append(1, ['a', 'b'], 'term 1');
    await before.log('wal').append(3, ['c'], 'term 2');
    await before.records('files').put({ '/etc/hosts': 'x', '/gone': 'y' });
    await before.records('files').put({ '/gone': undefined });
    before.close();
    const after = await open(machine);
    expect(await after.log('wal').read()).toEqual([
      { firstIndex: 1, entries: ['a', 'b'], meta: 'term 1' },
      { firstIndex: 3, entries: ['c'], meta: 'term 2' },
    ]);
    expect(await after.records('files').entries('/')).toEqual(new Map([['/etc/hosts', 'x']]));
    after.close();
  });

  it('keeps the order of appends that were not waited for', async () => {
    const machine = newMachine();
    const disk = await open(machine);
    await Promise.all(Array.from({ length: 50 }, (_, at) => disk.log('wal').append(at, [`entry ${at}`], '')));
    expect((await disk.log('wal').read()).map(({ firstIndex }) => firstIndex)).toEqual(Array.from({ length: 50 }, (_, at) => at));
    disk.close();
  });

  it('refuses every write of an earlier life once a later one has opened it', async () => {
    const machine = newMachine();
    const early = await open(machine);
    await early.log('wal').append(1, ['kept'], '');
    const late = await open(machine);
    await expect(early.log('wal').append(2, ['stray'], '')).rejects.toMatchObject({ code: 'fenced' });
    await expect(early.records('files').put({ '/stray': 'x' })).rejects.toMatchObject({ code: 'fenced' });
    await late.log('wal').append(2, ['next'], '');
    expect((await late.log('wal').read()).flatMap(({ entries }) => entries)).toEqual(['kept', 'next']);
    expect(await late.records('files').keys('/')).toEqual([]);
    early.close();
    late.close();
  });

  it('refuses a whole burst of writes of the life before last', async () => {
    const machine = newMachine();
    const lives = [await open(machine), await open(machine), await open(machine)] as const;
    const stray = Array.from({ length: 20 }, (_, at) => lives[0].log('wal').append(at, ['stray'], ''));
    const outcomes = await Promise.allSettled([...stray, lives[1].log('wal').append(1, ['stray'], '')]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as { code?: string }).code)).toEqual(
      outcomes.map(() => 'fenced'),
    );
    await lives[2].log('wal').append(1, ['kept'], '');
    expect((await lives[2].log('wal').read()).map(({ entries }) => entries)).toEqual([['kept']]);
    for (const life of lives) life.close();
  });

  it('drops only batches that end below the index it compacts to, and never the last', async () => {
    const disk = await open(newMachine());
    for (const first of [1, 3, 5]) await disk.log('wal').append(first, ['x', 'y'], '');
    await disk.log('wal').compactTo(4);
    expect((await disk.log('wal').read()).map(({ firstIndex }) => firstIndex)).toEqual([3, 5]);
    await disk.log('wal').compactTo(100);
    expect((await disk.log('wal').read()).map(({ firstIndex }) => firstIndex)).toEqual([5]);
    disk.close();
  });

  it.each([
    ['full', 'full', 'no space left on device'],
    ['read-only', 'read-only', 'read-only file system'],
  ] as const)('refuses writes by name while it is %s, and takes them again afterwards', async (fault, code, message) => {
    const disk = await open(newMachine());
    disk.setFault(fault);
    await expect(disk.log('wal').append(1, ['a'], '')).rejects.toMatchObject({ code, message });
    await expect(disk.records('files').put({ '/a': 'b' })).rejects.toMatchObject({ code });
    disk.setFault('none');
    await disk.log('wal').append(1, ['a'], '');
    expect(await disk.log('wal').read()).toHaveLength(1);
    disk.close();
  });

  it('finds a batch whose checksum is wrong instead of reading it', async () => {
    const disk = await open(newMachine());
    await disk.log('wal').append(1, ['a'], '');
    disk.setFault('corrupt-tail');
    await expect(disk.log('wal').read()).rejects.toMatchObject({ code: 'corrupt' });
    disk.close();
  });
});
