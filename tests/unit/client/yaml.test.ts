/** The plain part of YAML says what the library says, or leaves the text to it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readPlainYaml, readYaml, writePlainYaml, writeYaml } from '../../../src/client/yaml.ts';
import { createCrypto } from '../../../src/host/pure-crypto.ts';
import { seededRandom } from '../../../src/host/random.ts';
import { createClusterPki, defaultClusterConfiguration, provisionControlPlane, provisionWorker } from '../../../src/kubeadm/index.ts';

const word = fc.constantFrom(
  ...[
    'a',
    'kube-apiserver',
    '--secure-port=6443',
    '10.0.0.1',
    '10.96.0.0/12',
    '0s',
    '1m30s',
    '1e3',
    '0x1f',
    '07',
    '8080',
    'true',
    'null',
    'No',
  ],
  ...[
    'a:b',
    'a:',
    'a b',
    'a: b',
    '#a',
    'a#b',
    '-',
    '- a',
    '~',
    '',
    ' ',
    '*',
    '&a',
    '[a]',
    '{}',
    'x\ny',
    "it's",
    '"q"',
    '.5',
    '1.',
    'y',
    'NaN',
  ],
  ...[
    'Infinity',
    '1_000',
    '__proto__',
    '<<',
    '@a',
    '%',
    '/var/lib',
    'dGVzdA==',
    'é',
    '\t',
    'a\t',
    '?',
    '|',
    '>',
    '!x',
    'a,b',
    '=',
    '0',
    '-1',
  ],
);
const scalar = fc.oneof(word, fc.string({ maxLength: 6 }), fc.integer(), fc.boolean(), fc.constant(null), fc.double());
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const holder = fc.dictionary(fc.oneof(fc.constantFrom('a', 'kind', 'b.c/d-e'), word), anything, { maxKeys: 4, noNullPrototype: true });

describe('reading', () => {
  test('gives what the library gives', () => {
    fc.assert(
      fc.property(holder, (value) => {
        const text = stringify(value, { lineWidth: 0 });
        const plain = readPlainYaml(text);
        if (plain !== undefined) expect(plain, text).toEqual(parse(text));
        expect(readYaml(text)).toEqual(parse(text));
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });

  test('leaves to the library whatever may mean something else, however little a text is changed', () => {
    const text = 'a: b\nlist:\n  - c: 1\n    d: "2"\n  - --e=f\nmap:\n  g: {}\n  h: true\nflat:\n- i\n- j\n';
    expect(readPlainYaml(text)).toEqual(parse(text));
    const pieces = [
      ' ',
      '\n',
      ':',
      '-',
      '#',
      '"',
      "'",
      '\t',
      '\r',
      '~',
      '0',
      '.',
      'e',
      '|',
      '&',
      '*',
      '!',
      '{',
      '}',
      '[',
      ',',
      '  ',
      '- ',
      ': ',
      '---\n',
    ];
    let read = 0;
    for (let at = 0; at <= text.length; at++)
      for (const piece of ['', ...pieces])
        for (const dropped of [0, 1]) {
          const changed = text.slice(0, at) + piece + text.slice(at + dropped);
          const plain = readPlainYaml(changed);
          if (plain === undefined) continue;
          read++;
          expect(plain, JSON.stringify(changed)).toEqual(parse(changed));
        }
    expect(read).toBeGreaterThan(100);
  });

  test.each([
    '',
    'a',
    '- a',
    'a:',
    'a:\nb: c',
    'a: b\na: c',
    'null: a',
    'a: b\n  c',
    'a: b\n\nc: d',
    'a: 01',
    'a: 1.5',
    'a:\tb',
    '  a: b',
    'a: b c',
  ])('%j is not plain, or is what the library says', (text) => {
    const plain = readPlainYaml(text);
    if (plain !== undefined) expect(plain).toEqual(parse(text));
  });

  test('throws what the library throws', () => {
    expect(() => readYaml('a: b\na: c\n')).toThrow('Map keys must be unique');
  });
});

describe('writing', () => {
  test('gives what the library gives', () => {
    fc.assert(
      fc.property(holder, (value) => {
        const plain = writePlainYaml(value);
        if (plain !== undefined) expect(plain).toBe(stringify(value, { lineWidth: 0 }));
        expect(writeYaml(value)).toBe(stringify(value, { lineWidth: 0 }));
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });
});

test('the files of a new cluster are plain, so that no machine needs the library to start', () => {
  const crypto = createCrypto(seededRandom('plain'));
  const node = { name: 'control-plane-1', address: '10.0.0.11' };
  const cluster = { ...defaultClusterConfiguration, controlPlaneEndpoint: '10.0.0.10:6443' };
  const input = { crypto, nowMs: Date.UTC(2026, 0, 5, 9), pki: createClusterPki(crypto, Date.UTC(2026, 0, 5, 9)), cluster, node };
  const files = [...provisionControlPlane(input, { members: [node], isJoining: false }), ...provisionWorker(input, node)];
  const yaml = files.filter(({ path }) => path.endsWith('.yaml') || path.endsWith('.conf'));
  expect(yaml.length).toBeGreaterThan(8);
  for (const { path, content } of yaml) expect(readPlainYaml(content), `${path}\n${content}`).toEqual(parse(content));
});
