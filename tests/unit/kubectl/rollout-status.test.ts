/** How far a rollout is, in words; and explain's texts of a schema. */
import { describe, expect, it } from 'vitest';
import { Explainer } from '../../../src/kubectl/explain.ts';
import { rolloutStatus } from '../../../src/kubectl/rollout-status.ts';

const workload = (kind: string, spec: object, status: object, generation = 1) =>
  ({ apiVersion: 'apps/v1', kind, metadata: { name: 'w', generation }, spec, status }) as never;
const RU = { updateStrategy: { type: 'RollingUpdate' } };

const cases: readonly (readonly [kind: string, spec: object, status: object, text: string, done: boolean])[] = [
  ['Deployment', { replicas: 3 }, { observedGeneration: 0 }, 'Waiting for deployment spec update to be observed...', false],
  [
    'Deployment',
    { replicas: 3 },
    { observedGeneration: 1, updatedReplicas: 1 },
    'Waiting for deployment "w" rollout to finish: 1 out of 3 new replicas have been updated...',
    false,
  ],
  [
    'Deployment',
    { replicas: 3 },
    { observedGeneration: 1, updatedReplicas: 3, replicas: 4 },
    'Waiting for deployment "w" rollout to finish: 1 old replicas are pending termination...',
    false,
  ],
  [
    'Deployment',
    { replicas: 3 },
    { observedGeneration: 1, updatedReplicas: 3, replicas: 3, availableReplicas: 2 },
    'Waiting for deployment "w" rollout to finish: 2 of 3 updated replicas are available...',
    false,
  ],
  [
    'Deployment',
    { replicas: 3 },
    { observedGeneration: 1, updatedReplicas: 3, replicas: 3, availableReplicas: 3 },
    'deployment "w" successfully rolled out',
    true,
  ],
  [
    'DaemonSet',
    RU,
    { observedGeneration: 1, updatedNumberScheduled: 1, desiredNumberScheduled: 2 },
    'Waiting for daemon set "w" rollout to finish: 1 out of 2 new pods have been updated...',
    false,
  ],
  [
    'DaemonSet',
    RU,
    { observedGeneration: 1, updatedNumberScheduled: 2, desiredNumberScheduled: 2, numberAvailable: 2 },
    'daemon set "w" successfully rolled out',
    true,
  ],
  ['StatefulSet', { ...RU, replicas: 2 }, { observedGeneration: 1, readyReplicas: 1 }, 'Waiting for 1 pods to be ready...', false],
  [
    'StatefulSet',
    { replicas: 2, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } },
    { observedGeneration: 1, readyReplicas: 2, updatedReplicas: 2 },
    'partitioned roll out complete: 2 new pods have been updated...',
    true,
  ],
];

describe('rolloutStatus', () => {
  it.each(cases)('%s %j %j', (kind, spec, status, text, done) => {
    expect(rolloutStatus(workload(kind, spec, status), 0)).toEqual({ text: `${text}\n`, done });
  });

  it('fails where the deadline is over or the strategy has no rollout', () => {
    const late = { observedGeneration: 1, conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] };
    expect(() => rolloutStatus(workload('Deployment', {}, late), 0)).toThrow('deployment "w" exceeded its progress deadline');
    expect(() => rolloutStatus(workload('DaemonSet', { updateStrategy: { type: 'OnDelete' } }, {}), 0)).toThrow(
      'rollout status is only available for RollingUpdate strategy type',
    );
  });
});

describe('explain', () => {
  const thing = { $ref: '#/components/schemas/a.b.Thing' };
  const explainer = new Explainer({
    'a.b.Thing': {
      type: 'object',
      description: 'A thing of things.',
      required: ['name'],
      properties: {
        name: { type: 'string', description: `A name ${'word '.repeat(14)}end.` },
        more: { type: 'array', items: thing },
        tags: { type: 'object', additionalProperties: { type: 'string' }, description: 'Tags.' },
        mode: {
          type: 'string',
          enum: ['B', 'A'],
          description: 'See https://example.test/a-very-long-address-that-does-not-fit-into-one-line-of-text/at-all',
        },
      },
    },
  });

  it('lists the fields of a type, wrapped at 80 columns, with required marks and enumerations', () => {
    expect(explainer.explain({ allOf: [thing], description: 'Own words.' }, 'spec', false)).toBe(
      `FIELD: spec <Thing>\n\n\nDESCRIPTION:\n    Own words.\n    A thing of things.\n    \nFIELDS:\n  mode\t<string>\n  enum: A, B\n    See\n    https://example.test/a-very-long-address-that-does-not-fit-into-one-line-of-text/at-all\n\n  more\t<[]Thing>\n    <no description>\n\n  name\t<string> -required-\n    A name ${'word '.repeat(13)}word\n    end.\n\n  tags\t<map[string]string>\n    Tags.\n\n\n`,
    );
  });

  it('does not open a type inside itself again', () => {
    expect(explainer.explain(thing, '', true)).toBe(
      'DESCRIPTION:\n    A thing of things.\n    \nFIELDS:\n  mode\t<string>\n  enum: A, B\n  more\t<[]Thing>\n  name\t<string> -required-\n  tags\t<map[string]string>\n\n',
    );
  });
});
