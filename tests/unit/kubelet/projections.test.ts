/** What pods get of ConfigMaps, Secrets and images: the layout of projected files, the objects that are watched for them, names that are no images. */
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/api/index.ts';
import { createFileTree } from '../../../src/host/index.ts';
import { referenceProblem } from '../../../src/kubelet/images.ts';
import { referencesOf } from '../../../src/kubelet/pod-references.ts';
import { writeProjection } from '../../../src/kubelet/volumes/atomic-writer.ts';

const file = (content: string) => ({ content, mode: 0o644 });

describe('the files of a projection', () => {
  const files = createFileTree({ nowMs: () => 0 });
  const first = new Map([
    ['a.txt', file('one')],
    ['deep/b.txt', file('two')],
  ]);

  it('are links through ..data into a directory named after the time', () => {
    writeProjection(files, '/v', first, Date.UTC(2026, 0, 5, 9, 0, 13, 123));
    expect(files.list('/v')).toEqual(['..2026_01_05_09_00_13.123000000', '..data', 'a.txt', 'deep']);
    expect(files.readLink('/v/..data')).toBe('..2026_01_05_09_00_13.123000000');
    expect(files.readLink('/v/a.txt')).toBe('..data/a.txt');
    expect(files.readText('/v/deep/b.txt')).toBe('two');
  });

  it('stay as they are while nothing changes', () => {
    writeProjection(files, '/v', first, Date.UTC(2026, 0, 5, 9, 1));
    expect(files.readLink('/v/..data')).toBe('..2026_01_05_09_00_13.123000000');
  });

  it('change all at once, those that are gone too', () => {
    writeProjection(files, '/v', new Map([['a.txt', file('changed')]]), Date.UTC(2026, 0, 5, 9, 2));
    expect(files.list('/v')).toEqual(['..2026_01_05_09_02_00.000000000', '..data', 'a.txt']);
    expect(files.readText('/v/a.txt')).toBe('changed');
  });
});

describe('the references of pods', () => {
  it('are found in environments, volumes, projections and pull secrets', () => {
    const pod = {
      metadata: { name: 'p', namespace: 'n' },
      spec: {
        containers: [
          {
            name: 'c',
            envFrom: [{ configMapRef: { name: 'env' } }],
            env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }],
          },
        ],
        volumes: [
          { name: 'a', configMap: { name: 'volume' } },
          { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }] } },
        ],
        imagePullSecrets: [{ name: 'pull' }],
      },
    } as unknown as Pod;
    const { configMaps, secrets } = referencesOf([pod]);
    expect([...configMaps]).toEqual(['n/env', 'n/volume']);
    expect([...secrets]).toEqual(['n/key', 'n/projected', 'n/pull']);
  });
});

describe('an image name', () => {
  it.each(['nginx', 'nginx:1.27', 'localhost:5000/a/b-c__d:v1', 'Registry.Example.com/app@sha256:' + 'a'.repeat(64)])(
    'may be %s',
    (name) => {
      expect(referenceProblem(name)).toBeUndefined();
    },
  );
  it.each([
    ['nginx:1.27:x', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['nginx:', 'invalid reference format'],
    ['Nginx:1', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['quay.io/Team/app', 'invalid reference format: repository name (Team/app) must be lowercase'],
  ])('may not be %s', (name, problem) => {
    expect(referenceProblem(name)).toBe(problem);
  });
});
