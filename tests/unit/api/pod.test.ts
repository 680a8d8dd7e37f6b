import { describe, expect, test } from 'vitest';
import { formatFieldErrors, invalidObject, type StatusError } from '#apimachinery';
import {
  applyDefaults,
  beforeCreate,
  beforeUpdate,
  decodeObject,
  decodeText,
  kindOf,
  tableOf,
  type Kind,
  type Pod,
  type StrategyContext,
} from '#api';

const pods = kindOf('v1', 'Pod') as unknown as Kind<Pod>;
const context: StrategyContext = {
  nowMs: Date.parse('2026-01-02T03:04:05Z'),
  newUid: () => 'uid-1',
  randomSuffix: (length) => 'x'.repeat(length),
};

function decoded(body: object): Pod {
  return applyDefaults(pods, decodeObject(pods, { apiVersion: 'v1', kind: 'Pod', ...body }).object);
}
function problems(body: object): string[] {
  const pod = decoded(body);
  pod.metadata.namespace = 'default';
  return beforeCreate(pods, pod, context).map((error) => `${error.field}: ${error.message}`);
}
function refusal(body: object): string {
  try {
    decodeObject(pods, body);
  } catch (error) {
    return (error as StatusError).message;
  }
  return '';
}
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

describe('a pod that is created', () => {
  test('gets the defaults a real API server gives it', () => {
    const pod = decoded({
      metadata: { name: 'one', namespace: 'oracle', labels: { app: 'one' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    });
    expect(beforeCreate(pods, pod, context)).toEqual([]);
    expect(pod.metadata).toEqual({
      name: 'one',
      namespace: 'oracle',
      uid: 'uid-1',
      generation: 1,
      creationTimestamp: '2026-01-02T03:04:05Z',
      labels: { app: 'one' },
    });
    expect(pod.spec).toEqual({
      containers: [
        {
          name: 'c',
          image: 'nginx',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'Always',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    });
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  test('with many mistakes is told all of them in the order of a real API server', () => {
    const found = problems({
      metadata: { name: 'many', labels: { 'bad label!': 'x' } },
      spec: {
        restartPolicy: 'Perhaps',
        containers: [
          {
            name: 'Bad_Name',
            imagePullPolicy: 'Sometimes',
            ports: [{ containerPort: 99999, protocol: 'HTTP' }],
            volumeMounts: [{ name: 'nowhere', mountPath: '/x' }],
            resources: { requests: { cpu: '2' }, limits: { cpu: '1' } },
          },
          { name: 'twice', image: 'a' },
          { name: 'twice', image: 'b' },
        ],
      },
    });
    expect(found).toEqual([
      `metadata.labels: Invalid value: "bad label!": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      `spec.containers[0].name: Invalid value: "Bad_Name": ${label}`,
      'spec.containers[0].image: Required value',
      'spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].volumeMounts[0].name: Not found: "nowhere"',
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'spec.containers[2].name: Duplicate value: "twice"',
      'spec.restartPolicy: Unsupported value: "Perhaps": supported values: "Always", "OnFailure", "Never"',
    ]);
  });

  test('without containers, name or with a bad probe is refused in the recorded words', () => {
    expect(problems({ metadata: { name: 'x' }, spec: { containers: [] } })).toEqual(['spec.containers: Required value']);
    expect(problems({ metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }] } })).toEqual([
      'metadata.name: Required value: name or generateName is required',
    ]);
    const probe = { exec: { command: ['true'] }, httpGet: { port: 80 }, periodSeconds: -1 };
    expect(problems({ metadata: { name: 'probe' }, spec: { containers: [{ name: 'c', image: 'i', livenessProbe: probe }] } })).toEqual([
      'spec.containers[0].livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  test('with a generated name has the prefix and five characters', () => {
    const pod = decoded({ metadata: { generateName: 'web-', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    expect(beforeCreate(pods, pod, context)).toEqual([]);
    expect(pod.metadata.name).toBe('web-xxxxx');
  });

  test('makes one Status of all its mistakes', () => {
    const errors = [{ reason: 'FieldValueRequired' as const, field: 'spec.containers', message: 'Required value' }];
    expect(invalidObject({ group: '', kind: 'Pod' }, 'x', errors).status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Pod "x" is invalid: spec.containers: Required value',
      reason: 'Invalid',
      details: { name: 'x', kind: 'Pod', causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }] },
      code: 422,
    });
    expect(formatFieldErrors([...errors, ...errors])).toBe('spec.containers: Required value');
  });
});

describe('decoding a pod', () => {
  test('refuses wrong types in the words of Go', () => {
    const start = 'Pod in version "v1" cannot be handled as a Pod: ';
    expect(refusal({ metadata: { name: 'x' }, spec: { containers: 'many' } })).toBe(
      `${start}json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`,
    );
    expect(refusal({ metadata: { name: true } })).toBe(
      `${start}json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string`,
    );
    expect(refusal({ spec: { containers: [{ ports: [{ containerPort: 'eighty' }] }] } })).toBe(
      `${start}json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
    );
    expect(refusal({ spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } })).toBe(
      `${start}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    );
  });

  test('refuses another kind and malformed JSON', () => {
    expect(refusal({ apiVersion: 'v1', kind: 'ConfigMap' })).toBe(
      'ConfigMap in version "v1" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown conversion',
    );
    const text = (body: string): string => {
      try {
        decodeText(pods, body);
      } catch (error) {
        return (error as StatusError).message;
      }
      return '';
    };
    const start = "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: ";
    expect(text('{"kind":')).toBe(`${start}unexpected end of JSON input ({"kind":)`);
    expect(text('')).toBe(`${start}unexpected end of JSON input (<empty>)`);
  });

  test('lists unknown and duplicate fields by path and drops them', () => {
    const { object, unknownFields } = decodeText(
      pods,
      '{"metadata":{"name":"a","name":"b"},"spec":{"containers":[{"name":"c","imagee":"x"}],"nope":1}}',
    );
    expect(unknownFields).toEqual([
      'duplicate field "metadata.name"',
      'unknown field "spec.containers[0].imagee"',
      'unknown field "spec.nope"',
    ]);
    expect(object.spec).toEqual({ containers: [{ name: 'c' }] });
  });

  test('makes quantities canonical and leaves out what Go leaves out', () => {
    const { object } = decodeObject(pods, {
      metadata: { name: 'a', labels: {} },
      spec: {
        nodeName: '',
        hostNetwork: false,
        containers: [{ name: 'c', env: [], resources: { limits: { cpu: '1000m', memory: 1024 } } }],
      },
    });
    expect(object.metadata).toEqual({ name: 'a' });
    expect(object.spec).toEqual({ containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1024' } } }] });
  });
});

describe('a pod that is updated', () => {
  const stored = (): Pod => {
    const pod = decoded({
      metadata: { name: 'fixed', namespace: 'default' },
      spec: { nodeName: 'worker-1', containers: [{ name: 'c', image: 'nginx' }] },
    });
    beforeCreate(pods, pod, context);
    return pod;
  };
  const update = (change: (pod: Pod) => void): { pod: Pod; errors: string[] } => {
    const old = stored();
    const pod = structuredClone(old);
    change(pod);
    return { pod, errors: beforeUpdate(pods, pod, old, context).map((error) => `${error.field}: ${error.message}`) };
  };

  test('may change an image, and its generation grows', () => {
    const { pod, errors } = update((object) => Object.assign(object.spec?.containers[0] ?? {}, { image: 'nginx:1.27' }));
    expect(errors).toEqual([]);
    expect(pod.metadata.generation).toBe(2);
  });

  test('may not change its node, and its generation and status cannot be set', () => {
    const { errors } = update((object) => Object.assign(object.spec ?? {}, { nodeName: 'control-plane' }));
    expect(errors[0]).toMatch(/^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`,/);
    expect(errors[0]?.replaceAll('\u00a0', ' ')).toMatch(/- \tNodeName: +"worker-1",\n\+ \tNodeName: +"control-plane",/);
    const { pod } = update((object) => Object.assign(object, { status: { phase: 'Running' } }));
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(pod.metadata.generation).toBe(1);
  });

  test('may not change its uid', () => {
    expect(update((object) => Object.assign(object.metadata, { uid: '0' })).errors).toEqual([
      'metadata.uid: Invalid value: "0": field is immutable',
    ]);
  });

  test('through the status subresource keeps its spec', () => {
    const old = stored();
    const pod = structuredClone(old);
    pod.spec = { containers: [] };
    pod.status = { phase: 'Running' };
    expect(
      beforeUpdate(
        pods,
        pod,
        old,
        context,
        pods.subresources.find((subresource) => subresource.name === 'status'),
      ),
    ).toEqual([]);
    expect(pod.spec).toEqual(old.spec);
    expect(pod.status).toEqual({ phase: 'Running' });
    expect(pod.metadata.generation).toBe(1);
  });
});

describe('the table of pods', () => {
  const now = Date.parse('2026-01-02T04:00:00Z');
  const row = (spec: object, status: object, metadata: object = {}): unknown[] => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', creationTimestamp: '2026-01-02T03:55:00Z', ...metadata },
      spec: { containers: [{ name: 'c' }], ...spec },
      status,
    } as unknown as Pod;
    return tableOf(pods, [pod], {}, now).rows[0]?.cells.slice(1, 5) ?? [];
  };
  const running = { name: 'c', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} } };
  test.each([
    ['running', {}, { phase: 'Running', containerStatuses: [running] }, {}, ['1/1', 'Running', '0', '5m']],
    [
      'waiting for its image',
      {},
      { phase: 'Pending', containerStatuses: [{ ...running, ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } }] },
      {},
      ['0/1', 'ImagePullBackOff', '0', '5m'],
    ],
    [
      'crashing',
      {},
      {
        phase: 'Running',
        containerStatuses: [
          {
            ...running,
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-02T03:59:30Z' } },
          },
        ],
      },
      {},
      ['0/1', 'CrashLoopBackOff', '3 (30s ago)', '5m'],
    ],
    [
      'initialising',
      { initContainers: [{ name: 'i' }, { name: 'j' }] },
      { phase: 'Pending', initContainerStatuses: [{ ...running, name: 'i', ready: false }] },
      {},
      ['0/1', 'Init:0/2', '0', '5m'],
    ],
    [
      'failing to initialise',
      { initContainers: [{ name: 'i' }] },
      { phase: 'Pending', initContainerStatuses: [{ ...running, name: 'i', state: { terminated: { exitCode: 3 } } }] },
      {},
      ['0/1', 'Init:ExitCode:3', '0', '5m'],
    ],
    [
      'completed',
      {},
      {
        phase: 'Succeeded',
        containerStatuses: [{ ...running, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
      },
      {},
      ['0/1', 'Completed', '0', '5m'],
    ],
    [
      'being deleted',
      {},
      { phase: 'Running', containerStatuses: [running] },
      { deletionTimestamp: '2026-01-02T03:59:00Z' },
      ['1/1', 'Terminating', '0', '5m'],
    ],
    [
      'on a lost node',
      {},
      { phase: 'Running', reason: 'NodeLost', containerStatuses: [running] },
      { deletionTimestamp: '2026-01-02T03:59:00Z' },
      ['1/1', 'Unknown', '0', '5m'],
    ],
  ])('shows a pod that is %s', (_, spec, status, metadata, expected) => {
    expect(row(spec, status, metadata)).toEqual(expected);
  });
});
