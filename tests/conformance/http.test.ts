/**
 * Recorded answers of a real API server, replayed against ours with its storage in memory. Recordings of kinds that are not
 * served yet are counted apart. The floor is what passed last; raise it when more does.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindByResource } from '#api';
import type { KubeletConnector } from '#apiserver';
import { beforeAll, describe, expect, it } from 'vitest';
import { settle, startLab, type Ask, type Lab } from '../unit/apiserver/lab/server.ts';
import { createManualClock } from '../unit/apiserver/lab/manual-clock.ts';
import { createMemoryEtcd } from '../unit/apiserver/lab/memory-etcd.ts';
import { difference } from './http-compare.ts';
import { duringWatch, notComparable, setupSteps, type SetupStep } from './http-setup.ts';

interface Table {
  columnDefinitions: unknown;
}
interface Recording {
  id: string;
  request: { as: string; method: string; path: string; headers?: Record<string, string>; body?: unknown };
  status: number;
  headers: Record<string, string>;
  body?: unknown;
  text?: string;
  frames?: unknown[];
  size?: number;
}

/** Answers that must agree. */
const FLOOR = 215;
const folder = join(import.meta.dirname, 'http');
const recordings = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording);

const users: Readonly<Record<string, Ask['as']>> = {
  admin: { name: 'kubernetes-admin', groups: ['kubeadm:cluster-admins'] },
  student: { name: 'student', groups: ['students'] },
  nobody: null,
  'bad token': null,
};

/** A kubelet that has one log line to show. */
const kubelets: KubeletConnector = {
  request: async () => {
    const line = '/docker-entrypoint.sh: Configuration complete; ready for start up\n';
    const unused = (): never => {
      throw new Error('not upgraded');
    };
    return {
      status: 200,
      headers: [['content-type', 'text/plain']],
      text: async () => line,
      async *chunks() {
        yield line;
      },
      duplex: { send: unused, receive: unused, end: unused, cancel: unused },
      cancel: () => undefined,
    };
  },
};

function isServed(path: string): boolean {
  const match = /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/?]+))\/(?:namespaces\/[^/]+\/)?([a-z]+)/.exec(path.split('?')[0]!);
  if (!match) return true;
  const [, core, group = '', version = '', plural = ''] = match;
  if (plural === 'flurbs') return true;
  return kindByResource(group, core ?? version, plural) !== undefined || plural.endsWith('reviews');
}

class Replay {
  readonly seen = new Map<string, { metadata?: { continue?: string; resourceVersion?: string } }>();
  constructor(readonly lab: Lab) {}

  async step(step: Omit<SetupStep, 'before'>): Promise<void> {
    const headers: Record<string, string> = { 'user-agent': step.agent ?? 'kube-scheduler/v1.33.13' };
    if (step.patch)
      headers['content-type'] = step.patch === 'merge' ? 'application/merge-patch+json' : 'application/strategic-merge-patch+json';
    const told = await this.lab.ask({ method: step.method, path: step.path, headers, ...(step.body ? { body: step.body } : {}) });
    if (told.status >= 400) throw new Error(`setup ${step.method} ${step.path}: ${told.text}`);
  }

  askOf(recording: Recording): Ask {
    const { request } = recording;
    const listed = this.seen.get('list-page-1-all')?.metadata?.continue ?? '';
    const from = recording.id === 'watch-selector-leaves' ? 'list-page-2' : 'list-page-1';
    const path = request.path
      .replace('continue=<continue>', `continue=${encodeURIComponent(listed)}`)
      .replace('resourceVersion=<rv>', `resourceVersion=${this.seen.get(from)?.metadata?.resourceVersion ?? '1'}`);
    const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
    if (request.as === 'bad token') headers['authorization'] = 'Bearer nonsense';
    return {
      method: request.method,
      path,
      headers,
      as: users[request.as] ?? null,
      ...(request.body === undefined ? bigBody(recording) : { body: request.body }),
    };
  }

  /** Turns the clock for an answer that waits. */
  async patiently<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    void work.finally(() => (isDone = true));
    for (let seconds = 0; !isDone && seconds < 90; seconds++) await (seconds === 0 ? settle() : this.lab.clock.advance(1_000));
    return work;
  }

  async compare(recording: Recording): Promise<string | undefined> {
    const ask = this.askOf(recording);
    if (recording.frames) return this.compareWatch(recording, ask);
    await this.lab.clock.advance(1_000);
    const told = await this.patiently(this.lab.ask(ask));
    if (told.json) this.seen.set(recording.id, told.json);
    if (told.status !== recording.status) return `status: recorded ${recording.status}, got ${told.status} ${told.text.slice(0, 300)}`;
    for (const [name, value] of Object.entries(recording.headers)) {
      const got = told.headers
        .filter(([each]) => each === name)
        .map(([, each]) => each)
        .join(', ');
      // They tell of a document's content and time, which are not the recorded ones.
      const isOfContent = name === 'etag' || name === 'last-modified';
      const found = isOfContent ? difference(value !== '', got !== '', `header ${name}`) : difference(value, got, `header ${name}`);
      if (found) return found;
    }
    if (recording.size !== undefined) return undefined;
    if (recording.text !== undefined) return difference(recording.text, told.text, 'text');
    const body = recording.body as { rowsLeftOut?: number } | undefined;
    if (body?.rowsLeftOut) told.json.rowsLeftOut = body.rowsLeftOut;
    // What rows a collection has is the doing of controllers and kubelets; what columns it has is the server's.
    if (/^table-(?!one|include|error)/.test(recording.id))
      return difference((free(recording.body) as Table).columnDefinitions, (free(told.json) as Table).columnDefinitions, 'columns');
    const shown = recording.id === 'ephemeral' ? told.json.spec?.ephemeralContainers : told.json;
    return difference(free(recording.body), free(shown), 'body');
  }

  async compareWatch(recording: Recording, ask: Ask): Promise<string | undefined> {
    const watch = await this.lab.watch(ask);
    for (const step of duringWatch[recording.id] ?? []) await this.step(step);
    await this.lab.clock.advance(5_000);
    await settle();
    watch.cancel();
    return difference((recording.frames ?? []).map(free), watch.events.map(free), 'frames');
  }
}

function bigBody(recording: Recording): { body?: unknown } {
  const length = { 'too-large': 4e6, 'configmap-too-long': 1.2e6 }[recording.id];
  return length ? { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'big' }, data: { a: 'x'.repeat(length) } } } : {};
}

/** Free of what need not agree: numbers the recorder replaced, and the descriptions of columns, which are in our own words. */
function free(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, each) => {
    if (key === 'nodePort' && typeof each === 'number') return '<nodePort>';
    if (key !== 'columnDefinitions' || !Array.isArray(each)) return each as unknown;
    return each.map((column: object) => ({ ...column, description: '' }));
  }) as unknown;
}

describe('recorded answers of a real API server', () => {
  const results: { id: string; difference: string | undefined }[] = [];
  const notServed: string[] = [];
  beforeAll(async () => {
    const clock = createManualClock();
    const etcd = createMemoryEtcd(clock, 200);
    const lab = await startLab({ clock, etcd, kubelets, config: { advertiseAddress: '172.18.0.2' } });
    const replay = new Replay(lab);
    for (const recording of recordings) {
      for (const step of setupSteps.filter((each) => each.before === recording.id)) await replay.step(step);
      if (recording.id === 'list-expired') await lab.etcd.compact(lab.etcd.revision);
      if (!isServed(recording.request.path) || notComparable.has(recording.id)) notServed.push(recording.id);
      else results.push({ id: recording.id, difference: await replay.compare(recording) });
    }
  });

  it('agree with ours at least as often as they did', () => {
    const failed = results.filter((result) => result.difference);
    const passed = results.length - failed.length;
    const lines = failed.map(
      (result) => `  ${result.id}: ${result.difference?.slice(0, process.env['HTTP_DIFF'] ? Number(process.env['HTTP_DIFF']) : 160)}`,
    );
    process.stdout.write(
      `recorded HTTP answers: ${passed}/${results.length} agree, ${notServed.length} not comparable (kinds that are not served yet)\n${lines.join('\n')}\n`,
    );
    expect(passed).toBeGreaterThanOrEqual(FLOOR);
  });
});
