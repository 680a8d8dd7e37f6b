import { describe, expect, test } from 'vitest';
import { listPath, namespaceFlag, objectPath, RESOURCE_GROUPS, resourceOf, severalOf } from '../../../src/ui/dashboard/resources.ts';
import { arranged, cellText, statusLook, tableForm, type Column, type TableRow } from '../../../src/ui/dashboard/table-rows.ts';

const column = (name: string, priority = 0): Column => ({ name, type: 'string', priority });
const columns = [column('Name'), column('Status'), column('Restarts'), column('Age')];
const row = (name: string, status: string, restarts: number, created: string, namespace = 'default'): TableRow => ({
  metadata: { name, namespace, creationTimestamp: created },
  cells: [name, status, restarts, '1s'],
});
const rows = [
  row('web-10', 'Running', 2, '2026-01-05T10:00:00Z'),
  row('web-9', 'Running', 10, '2026-01-05T11:00:00Z'),
  row('dns', 'Pending', 0, '2026-01-05T09:00:00Z', 'kube-system'),
];
const names = (filter: string, order: string, isDown = false): string[] =>
  arranged(rows, columns, filter, { column: order, isDown }).map(({ metadata }) => metadata.name);

describe('rows of a table', () => {
  test('are in the order of any column, numbers as numbers and names as one counts', () => {
    expect(names('', 'Namespace')).toEqual(['web-9', 'web-10', 'dns']);
    expect(names('', 'Name')).toEqual(['dns', 'web-9', 'web-10']);
    expect(names('', 'Restarts', true)).toEqual(['web-9', 'web-10', 'dns']);
    expect(names('', 'Age')).toEqual(['web-9', 'web-10', 'dns']);
  });

  test('are found by words in any cell or the namespace', () => {
    expect(names('RUNNING web', 'Name')).toEqual(['web-9', 'web-10']);
    expect(names('kube-system', 'Name')).toEqual(['dns']);
    expect(names('nothing', 'Name')).toEqual([]);
  });

  test('show ages that go on, and the rest as the server said', () => {
    const nowMs = Date.parse('2026-01-05T11:00:42Z');
    expect(cellText(columns[3]!, 3, rows[1]!, nowMs)).toBe('42s');
    expect(cellText(columns[2]!, 2, rows[1]!, nowMs)).toBe('10');
    expect(cellText(column('IP'), 7, rows[1]!, nowMs)).toBe('');
  });

  test('come from the Table of a list and of a watch event, whose columns may be left out', () => {
    const heard: (readonly Column[])[] = [];
    const form = tableForm((found) => heard.push(found));
    const body = {
      metadata: { resourceVersion: '7' },
      columnDefinitions: columns,
      rows: [{ cells: ['a'], object: { metadata: { name: 'a' } } }],
    };
    expect(form.items(body)).toEqual([{ metadata: { name: 'a' }, cells: ['a'] }]);
    expect(form.changed({ ...body, columnDefinitions: null })).toHaveLength(1);
    expect(heard).toEqual([columns]);
  });

  test.each([
    ['CrashLoopBackOff', 'bad'],
    ['NotReady', 'bad'],
    ['Ready', 'ok'],
    ['ContainerCreating', 'waiting'],
    ['Completed', 'plain'],
  ])('tell %s by word, mark and tone', (word, tone) => {
    expect(statusLook(word)).toMatchObject({ tone });
    expect(statusLook(word).mark).not.toBe('');
  });
});

describe('kinds of the dashboard', () => {
  test('have paths of one namespace, of all, and of one object', () => {
    const [pods, nodes] = [resourceOf('pods'), resourceOf('nodes')];
    expect([listPath(pods, ''), listPath(pods, 'a'), listPath(nodes, 'a')]).toEqual([
      '/api/v1/pods',
      '/api/v1/namespaces/a/pods',
      '/api/v1/nodes',
    ]);
    expect([objectPath(pods, 'a', 'b'), objectPath(nodes, '', 'b')]).toEqual(['/api/v1/namespaces/a/pods/b', '/api/v1/nodes/b']);
    expect([namespaceFlag(pods, 'default'), namespaceFlag(pods, 'a'), namespaceFlag(nodes, '')]).toEqual(['', ' -n a', '']);
    expect(resourceOf('nobody').plural).toBe('pods');
  });

  test('have a plural of their own each', () => {
    const all = RESOURCE_GROUPS.flatMap(({ resources }) => resources);
    expect(new Set(all.map(({ plural }) => plural)).size).toBe(all.length);
    for (const { kind, plural } of all) expect(severalOf(kind).toLowerCase()).toBe(plural);
  });
});
