/** The time of the change that made endpoints be written. */
import { expect, it } from 'vitest';
import type { Pod, Service } from '../../../src/api/index.ts';
import { createTriggerTimes, withTriggerTime } from '../../../src/controllers/trigger-time.ts';

const service = { metadata: { name: 'web', creationTimestamp: '2026-01-05T09:00:10Z' } } as Service;
const pod = (name: string, since: string): Pod =>
  ({ metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }] } }) as unknown as Pod;

it('is that of the Service at first, then the earliest of the pods that changed, then none', () => {
  const times = createTriggerTimes();
  expect(times.next('default/web', service, [])).toBe('2026-01-05T09:00:10Z');
  const pods = [pod('a', '2026-01-05T09:00:14Z'), pod('b', '2026-01-05T09:00:12Z')];
  expect(times.next('default/web', service, pods)).toBe('2026-01-05T09:00:12Z');
  expect(times.next('default/web', service, pods)).toBeUndefined();
  expect(times.next('default/web', service, [pod('a', '2026-01-05T09:00:20Z'), pods[1]!])).toBe('2026-01-05T09:00:20Z');
});

it('is an annotation that goes when there is no new time', () => {
  const set = withTriggerTime({ other: 'x' }, '2026-01-05T09:00:10Z');
  expect(set).toEqual({ other: 'x', 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-05T09:00:10Z' });
  expect(withTriggerTime(set, undefined)).toEqual({ other: 'x' });
  expect(withTriggerTime(undefined, undefined)).toBeUndefined();
});
