import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  createMergePatch,
  createThreeWayMergePatch,
  createThreeWayStrategicPatch,
  createTwoWayMergePatch,
  decodeJsonPatch,
  deepEqual,
} from '#apimachinery';
import { fieldSchemaOf } from '#api';

const podSchema = fieldSchemaOf({ schema: 'io.k8s.api.core.v1.Pod' });
const deploymentSchema = fieldSchemaOf({ schema: 'io.k8s.api.apps.v1.Deployment' });
const jsonObject = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(fc.constantFrom('x', 'y'), fc.integer())),
);

describe('JSON patches', () => {
  test('do each operation in turn and leave the document untouched', () => {
    const document = { a: [1, 2], b: { 'x/y': 1 } };
    const result = applyJsonPatch(document, [
      { op: 'test', path: '/a/0', value: 1 },
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'add', path: '/a/0', value: 0 },
      { op: 'remove', path: '/a/1' },
      { op: 'replace', path: '/b/x~1y', value: 2 },
      { op: 'copy', from: '/b', path: '/c' },
      { op: 'move', from: '/a', path: '/d' },
    ]);
    expect(result).toEqual({ b: { 'x/y': 2 }, c: { 'x/y': 2 }, d: [0, 2, 3] });
    expect(document).toEqual({ a: [1, 2], b: { 'x/y': 1 } });
  });
  test.each([
    [{ op: 'test' as const, path: '/a', value: 2 }],
    [{ op: 'remove' as const, path: '/missing' }],
    [{ op: 'replace' as const, path: '/missing', value: 1 }],
    [{ op: 'add' as const, path: '/list/7', value: 1 }],
  ])('that cannot be done get the one answer of the API server: %j', (operation) => {
    expect(() => applyJsonPatch({ a: 1, list: [] }, [operation])).toThrow('the server rejected our request due to an error in our request');
  });
  test('must be a list', () => {
    expect(() => decodeJsonPatch({})).toThrow(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  });
});

describe('merge patches', () => {
  test('set, replace and delete as RFC 7396 says', () => {
    expect(applyMergePatch({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null } })).toEqual({ a: 'z', c: { d: 'e' } });
    expect(applyMergePatch({ a: [1] }, { a: [2], b: { c: null } })).toEqual({ a: [2], b: {} });
  });
  test('made from two objects turn one into the other', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, (from, to) => {
        expect(deepEqual(applyMergePatch(from, createMergePatch(from, to)), to)).toBe(true);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
  test('of three objects delete only what was applied before', () => {
    expect(createThreeWayMergePatch({ a: 1, b: 1 }, { a: 2 }, { a: 1, b: 1, live: 1 })).toEqual({ a: 2, b: null });
  });
});

describe('strategic merge patches', () => {
  const pod = (...containers: object[]) => ({ spec: { containers } });
  test('merge containers by name and put the patched ones in the patch order', () => {
    const original = pod({ name: 'c', image: 'nginx' });
    const patch = {
      spec: {
        containers: [
          { name: 'side', image: 'redis' },
          { name: 'c', image: 'nginx:1.27' },
        ],
      },
    };
    expect(applyStrategicMergePatch(original, patch, podSchema)).toEqual(
      pod({ name: 'side', image: 'redis' }, { name: 'c', image: 'nginx:1.27' }),
    );
    expect(applyStrategicMergePatch(original, { spec: { containers: [{ name: 'side', image: 'redis' }] } }, podSchema)).toEqual(
      pod({ name: 'side', image: 'redis' }, { name: 'c', image: 'nginx' }),
    );
  });
  test('follow $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList', () => {
    const original = pod({ name: 'a' }, { name: 'b' }, { name: 'c' });
    expect(applyStrategicMergePatch(original, { spec: { containers: [{ name: 'b', $patch: 'delete' }] } }, podSchema)).toEqual(
      pod({ name: 'a' }, { name: 'c' }),
    );
    expect(applyStrategicMergePatch(original, { spec: { containers: [{ $patch: 'replace' }, { name: 'z' }] } }, podSchema)).toEqual(
      pod({ name: 'z' }),
    );
    expect(
      applyStrategicMergePatch(
        original,
        { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] } },
        podSchema,
      ),
    ).toEqual(pod({ name: 'c' }, { name: 'a' }, { name: 'b' }));
    const strategy = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    expect(
      applyStrategicMergePatch(strategy, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }, deploymentSchema),
    ).toEqual({ spec: { strategy: { type: 'Recreate' } } });
    const finalizers = { metadata: { finalizers: ['x/a', 'x/b'] } };
    expect(
      applyStrategicMergePatch(
        finalizers,
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'], finalizers: ['x/c'] } },
        podSchema,
      ),
    ).toEqual({ metadata: { finalizers: ['x/c', 'x/b'] } });
  });
  test('replace lists without merge keys and delete by null', () => {
    expect(
      applyStrategicMergePatch(
        { spec: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a' }] } },
        { spec: { nodeSelector: null, tolerations: [{ key: 'b' }] } },
        podSchema,
      ),
    ).toEqual({
      spec: { tolerations: [{ key: 'b' }] },
    });
  });
  test('without the merge key are refused', () => {
    expect(() => applyStrategicMergePatch(pod({ name: 'a' }), pod({ image: 'x' }), podSchema)).toThrow(
      'map: map[image:x] does not contain declared merge key: name',
    );
  });
  test('made by apply are those a real kubectl sends', () => {
    const manifest = (image: string, replicas: number) => ({
      spec: { replicas, template: { spec: { containers: [{ image, name: 'web', ports: [{ containerPort: 80 }] }] } } },
    });
    const live = {
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [{ image: 'nginx:1.26', name: 'web', imagePullPolicy: 'Always', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
            dnsPolicy: 'ClusterFirst',
          },
        },
      },
    };
    expect(createThreeWayStrategicPatch(manifest('nginx:1.26', 2), manifest('nginx:1.27', 3), live, deploymentSchema)).toEqual({
      spec: {
        replicas: 3,
        template: { spec: { '$setElementOrder/containers': [{ name: 'web' }], containers: [{ image: 'nginx:1.27', name: 'web' }] } },
      },
    });
    expect(
      createThreeWayStrategicPatch(
        { data: { a: '1', b: '2' } },
        { data: { a: '1' } },
        { data: { a: '1', b: '2' } },
        fieldSchemaOf({ schema: 'io.k8s.api.core.v1.ConfigMap' }),
      ),
    ).toEqual({ data: { b: null } });
  });
  test('made by apply delete a container that left the manifest and keep one another client added', () => {
    const patch = createThreeWayStrategicPatch(
      pod({ name: 'a' }, { name: 'gone' }),
      pod({ name: 'a' }),
      pod({ name: 'a' }, { name: 'gone' }, { name: 'injected' }),
      podSchema,
    );
    expect(applyStrategicMergePatch(pod({ name: 'a' }, { name: 'gone' }, { name: 'injected' }), patch, podSchema)).toEqual(
      pod({ name: 'a' }, { name: 'injected' }),
    );
  });
  test('made from two pods turn one into the other', () => {
    const container = fc.record({ image: fc.constantFrom('x', 'y'), tty: fc.boolean() });
    const containers = fc
      .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
      .chain((names) => fc.tuple(...names.map((name) => container.map((rest) => ({ name, ...rest })))));
    fc.assert(
      fc.property(containers, containers, (from, to) => {
        const [original, modified] = [pod(...from), pod(...to)];
        const patch = createTwoWayMergePatch(original, modified, podSchema);
        expect(applyStrategicMergePatch(original, patch, podSchema)).toEqual(modified);
      }),
      { seed: 5, numRuns: 150 },
    );
  });
});
