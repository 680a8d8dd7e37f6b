/** What etcdctl prints for the same answer in each of its formats. */
import type { etcd } from '#contracts';
import { describe, expect, it } from 'vitest';
import { humanBytes, printerOf } from '../../../src/etcdctl/printers/index.ts';

const header: etcd.ResponseHeader = { clusterId: 'cdf818194e3a8c32', memberId: '8e9e05c52164694d', revision: 2, raftTerm: 2 };
const kv: etcd.KeyValue = { key: 'foo', value: 'bar', createRevision: 2, modRevision: 2, version: 1, lease: '0' };
const range: etcd.RangeResponse = { header, kvs: [kv], more: false, count: 1 };
const members: etcd.MemberListResponse = {
  header,
  members: [
    {
      id: '8e9e05c52164694d',
      name: 'default',
      peerUrls: ['http://localhost:2380'],
      clientUrls: ['http://localhost:2379'],
      isLearner: false,
    },
    { id: 'a1', name: '', peerUrls: ['http://10.0.0.12:2380'], clientUrls: [], isLearner: true },
  ],
};

describe('simple output', () => {
  const simple = printerOf('simple', false);

  it('shows keys and values line by line', () => {
    expect(simple.get(range)).toBe('foo\nbar\n');
    expect(simple.get(range, true)).toBe('bar\n');
    expect(printerOf('simple', true).get(range)).toBe('\\x66\\x6f\\x6f\n\\x62\\x61\\x72\n');
    expect(simple.put({ header, prevKv: kv })).toBe('OK\nfoo\nbar\n');
    expect(simple.del({ header, deleted: 1, prevKvs: [kv] })).toBe('1\nfoo\nbar\n');
    expect(simple.txn({ header, succeeded: true, responses: [{ put: { header } }, { range }] })).toBe('SUCCESS\n\nOK\n\nfoo\nbar\n');
  });

  it('shows leases with sixteen digits', () => {
    const id = '694d71dd9f1c3a05';
    expect(simple.grant({ header, id: '1f', ttl: 60 })).toBe('lease 000000000000001f granted with TTL(60s)\n');
    expect(simple.timeToLive({ header, id, ttl: 50, grantedTtl: 60, keys: ['a', 'b'] }, true)).toBe(
      `lease ${id} granted with TTL(60s), remaining(50s), attached keys([a b])\n`,
    );
    expect(simple.timeToLive({ header, id, ttl: -1, grantedTtl: 0, keys: [] }, false)).toBe(`lease ${id} already expired\n`);
    expect(simple.leases({ header, leases: [{ id }] })).toBe(`found 1 leases\n${id}\n`);
  });

  it('shows members with their state', () => {
    expect(simple.memberList(members)).toBe(
      '8e9e05c52164694d, started, default, http://localhost:2380, http://localhost:2379, false\na1, unstarted, , http://10.0.0.12:2380, , true\n',
    );
    expect(simple.memberAdd({ ...members, member: members.members[1]! })).toBe(
      'Member               a1 added as learner to cluster cdf818194e3a8c32\n',
    );
  });

  it('shows alarms by decimal member ids', () => {
    expect(simple.alarm({ header, alarms: [{ memberId: '8e9e05c52164694d', alarm: 'NOSPACE' }] })).toBe(
      'memberID:10276657743932975437 alarm:NOSPACE \n',
    );
  });
});

describe('json output', () => {
  const json = printerOf('json', false);

  it('has ids as decimal numbers beyond what doubles hold, and leaves empty fields out', () => {
    expect(json.get(range)).toBe(
      '{"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":2,"raft_term":2},"kvs":[{"key":"Zm9v","create_revision":2,"mod_revision":2,"version":1,"value":"YmFy"}],"count":1}\n',
    );
    expect(json.get({ ...range, kvs: [], count: 0 })).toBe(
      '{"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":2,"raft_term":2}}\n',
    );
    expect(json.memberList(members)).toContain(
      '"members":[{"ID":10276657743932975437,"name":"default","peerURLs":["http://localhost:2380"],"clientURLs":["http://localhost:2379"]},{"ID":161,',
    );
  });
});

describe('fields output', () => {
  it('has one field a line, counts included', () => {
    expect(printerOf('fields', false).get(range)).toBe(
      '"ClusterID" : 14841639068965178418\n"MemberID" : 10276657743932975437\n"Revision" : 2\n"RaftTerm" : 2\n"Key" : "foo"\n"CreateRevision" : 2\n"ModRevision" : 2\n"Version" : 1\n"Value" : "bar"\n"Lease" : 0\n"More" : false\n"Count" : 1\n',
    );
  });
});

describe('table output', () => {
  it('draws headings in the middle and cells to the right', () => {
    expect(
      printerOf('table', false).endpointHash([
        { endpoint: '127.0.0.1:2379', hash: { header, hash: 7, compactRevision: 1, hashRevision: 2 } },
      ]),
    ).toBe(
      '+----------------+------+\n|    ENDPOINT    | HASH |\n+----------------+------+\n| 127.0.0.1:2379 |    7 |\n+----------------+------+\n',
    );
  });

  it('does not exist for what has no table', () => {
    expect(() => printerOf('table', false).get(range)).toThrow('table not supported as output format');
    expect(() => printerOf('yaml', false)).toThrow('unsupported output format');
  });
});

describe('sizes', () => {
  it.each([
    [9, '9 B'],
    [24_576, '25 kB'],
    [20_480, '20 kB'],
    [1_234_567, '1.2 MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text);
  });
});
