/** Decisions of the job controller: counting, judging and planning, plainly and by completion index. */
import { describe, expect, it } from 'vitest';
import type { Job, Pod } from '#api';
import { account, indexFields, type Accounting } from '../../../src/controllers/job/accounting.ts';
import { formatIndexes, parseIndexes } from '../../../src/controllers/job/indexes.ts';
import { judge, planPods } from '../../../src/controllers/job/plan.ts';
import { podOf as podOfJob } from '../../../src/controllers/job/pod-of-job.ts';
import { podOf } from '../client/fake-api.ts';

const pod = (name: string, extra: object = {}, status: object = {}, metadata: object = {}): Pod =>
  ({ ...podOf(name, extra as never, { uid: name, ...metadata }), status }) as unknown as Pod;

describe('jobs', () => {
  const job = (spec: object, status: object = {}) =>
    ({
      metadata: { name: 'j', namespace: 'default', uid: 'u' },
      spec: { completions: 3, parallelism: 2, backoffLimit: 2, template: {}, ...spec },
      status,
    }) as unknown as Job;
  const none: Accounting = {
    succeeded: 0,
    failed: 0,
    uncountedSucceeded: [],
    uncountedFailed: [],
    succeededIndexes: new Set(),
    failedIndexes: new Set(),
    toReplace: new Map(),
    released: [],
  };
  const tracked = { finalizers: ['batch.kubernetes.io/job-tracking'] };
  const running = (count: number) => Array.from({ length: count }, (_, at) => pod(`r${at}`, {}, { phase: 'Running' }));
  const ofIndex = (name: string, index: number, phase: string, extra: object = {}) =>
    pod(name, {}, { phase, ...extra }, { ...tracked, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } });

  it.each([
    [{}, {}, 0, 2],
    [{}, { succeeded: 2 }, 0, 1],
    [{}, { succeeded: 2 }, 2, -1],
    [{ completions: undefined }, { succeeded: 1 }, 1, 0],
    [{ suspend: true }, {}, 2, -2],
  ])('with %j after %j and %i active change by %i', (spec, accounting, active, expected) => {
    const plan = planPods(job(spec), { ...none, ...accounting }, running(active), 0);
    expect(plan.create.length - plan.remove.length).toBe(expected);
  });

  it.each([
    [{}, { succeeded: 3 }, 0, 'CompletionsReached'],
    [{}, { failed: 3 }, 0, 'BackoffLimitExceeded'],
    [{}, { failed: 2 }, 1, undefined],
    [{ completions: undefined }, { uncountedSucceeded: ['a'] }, 0, 'CompletionsReached'],
  ])('with %j after %j and %i active end by %s', (spec, accounting, active, reason) =>
    expect(judge(job(spec), { ...none, ...accounting }, running(active), 0)?.reason).toBe(reason),
  );

  it('count a pod once: noted while it has its finalizer, counted when that is gone', () => {
    const held = pod('a', {}, { phase: 'Succeeded' }, tracked);
    expect(account(job({}), [held])).toEqual({ ...none, uncountedSucceeded: ['a'] });
    const noted = job({}, { uncountedTerminatedPods: { succeeded: ['a'] } });
    expect(account(noted, [held])).toEqual({ ...none, uncountedSucceeded: ['a'] });
    expect(account(noted, [pod('a', {}, { phase: 'Succeeded' })])).toEqual({ ...none, succeeded: 1 });
    expect(account(noted, [])).toEqual({ ...none, succeeded: 1 });
  });

  it('write sets of indexes as the real controller does, and read them again', () => {
    for (const text of ['', '0', '0,1', '0-2', '0,1,5-7,9']) expect(formatIndexes(parseIndexes(text, 100))).toBe(text);
    expect([...parseIndexes('0-2,8,x', 8)]).toEqual([0, 1, 2]);
  });

  it('that are indexed run the lowest indexes that are neither done nor running, and count each once', () => {
    const indexed = job({ completionMode: 'Indexed', completions: 5, parallelism: 3 }, { completedIndexes: '0' });
    const pods = [ofIndex('a', 1, 'Succeeded'), ofIndex('b', 3, 'Running')];
    const accounting = account(indexed, pods);
    expect(accounting).toMatchObject({ succeeded: 2, uncountedSucceeded: [], released: [pods[0]] });
    expect(indexFields(indexed, accounting)).toEqual({ completedIndexes: '0,1' });
    expect(planPods(indexed, accounting, pods, 0).create).toEqual([2, 4]);
    const twice = [ofIndex('b', 3, 'Running'), ofIndex('c', 3, 'Running'), ofIndex('d', 0, 'Running')];
    expect(planPods(indexed, account(indexed, twice), twice, 0).remove.map(({ metadata }) => metadata.name)).toEqual(['c', 'd']);
  });

  it('that are indexed tell each pod its index', () => {
    const made = podOfJob(
      job({ completionMode: 'Indexed', template: { spec: { containers: [{ name: 'c', image: 'busybox' }] } } }),
      2,
      undefined,
    );
    expect(made.metadata).toMatchObject({
      generateName: 'j-2-',
      labels: { 'batch.kubernetes.io/job-completion-index': '2' },
      annotations: { 'batch.kubernetes.io/job-completion-index': '2' },
    });
    expect(made.spec?.hostname).toBe('j-2');
    expect(made.spec?.containers[0]?.env).toEqual([
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
      },
    ]);
  });

  it('with a limit for each index try an index again after a while, and give it up beyond its limit', () => {
    const perIndex = job({ completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 });
    const failed = ofIndex('a', 0, 'Failed');
    failed.metadata.creationTimestamp = '1970-01-01T00:00:00Z';
    const done = ofIndex('b', 1, 'Succeeded');
    const first = account(perIndex, [failed, done]);
    expect(first).toMatchObject({ uncountedFailed: [], toReplace: new Map([[0, failed]]) });
    expect(planPods(perIndex, first, [failed, done], 4_000)).toMatchObject({ create: [], waitMs: 6_000 });
    expect(planPods(perIndex, first, [failed, done], 10_000).create).toEqual([0]);
    failed.metadata.annotations = { ...failed.metadata.annotations, 'batch.kubernetes.io/job-index-failure-count': '1' };
    const second = account(perIndex, [failed, done]);
    expect(indexFields(perIndex, second)).toEqual({ completedIndexes: '1', failedIndexes: '0' });
    expect(judge(perIndex, second, [failed, done], 0)).toEqual({
      type: 'Failed',
      reason: 'FailedIndexes',
      message: 'Job has failed indexes',
    });
  });

  it('with a policy of failures end, or go on uncounted, as its first matching rule says', () => {
    const policy = (action: string) => job({ podFailurePolicy: { rules: [{ action, onExitCodes: { operator: 'In', values: [42] } }] } });
    const exited = (exitCode: number) =>
      pod('a', {}, { phase: 'Failed', containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }] }, tracked);
    expect(judge(policy('FailJob'), none, [exited(42)], 0)).toEqual({
      type: 'Failed',
      reason: 'PodFailurePolicy',
      message: 'Container c for pod default/a failed with exit code 42 matching FailJob rule at index 0',
    });
    expect(judge(policy('FailJob'), none, [exited(1)], 0)).toBeUndefined();
    expect(account(policy('Ignore'), [exited(42)])).toMatchObject({ uncountedFailed: [], released: [{ metadata: { name: 'a' } }] });
    expect(account(policy('Ignore'), [exited(1)]).uncountedFailed).toEqual(['a']);
  });

  it('with a policy of success are complete as soon as a rule is met', () => {
    const leader = job({ completionMode: 'Indexed', completions: 5, successPolicy: { rules: [{ succeededIndexes: '0' }] } });
    expect(judge(leader, { ...none, succeeded: 1, succeededIndexes: new Set([1]) }, [], 0)).toBeUndefined();
    expect(judge(leader, { ...none, succeeded: 1, succeededIndexes: new Set([0]) }, [], 0)).toMatchObject({
      type: 'Complete',
      reason: 'SuccessPolicy',
      message: 'Matched rules at index 0',
    });
  });

  it('that start containers again in place fail when these have restarted too often', () => {
    const again = job({ backoffLimit: 1, template: { spec: { restartPolicy: 'OnFailure' } } });
    const restarted = (restartCount: number) => [pod('a', {}, { phase: 'Running', containerStatuses: [{ name: 'c', restartCount }] })];
    expect(judge(again, none, restarted(0), 0)).toBeUndefined();
    expect(judge(again, none, restarted(1), 0)?.reason).toBe('BackoffLimitExceeded');
  });
});
