// Judges the consensus core and the checkers by the vectors in tests/vectors/raft, or by those of the folder that
// RAFT_VECTORS names; prints passed/total per file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readVectors, type VectorFile } from './judge.ts';
import type { Json } from './strict.ts';

const folder = process.env['RAFT_VECTORS'] ?? join(import.meta.dirname, 'raft');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort();

it('finds vectors to be judged by', () => {
  expect(files.length).toBeGreaterThan(0);
});

const report: string[] = [];
afterAll(() => {
  for (const line of report) console.log(line);
});

for (const name of files) describe(name, () => judgeFile(name));

function judgeFile(name: string): void {
  let file: VectorFile;
  try {
    file = readVectors(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Json);
  } catch (error) {
    it('can be read', () => {
      throw error;
    });
    report.push(`${name}: unreadable, ${String(error)}`);
    return;
  }
  let passed = 0;
  for (const { id, run } of file.cases) {
    it(id, () => {
      run();
      passed++;
    });
  }
  afterAll(() => {
    report.push(`${name}: ${passed}/${file.cases.length} passed${scriptLine(file)}`);
  });
  it('agrees on at least 95% of the states between, where the file has scripts', () => {
    const [equal, total] = states(file);
    const deviations = file.scripts.flatMap((script) => script.deviations);
    expect(equal, deviations.join('\n')).toBeGreaterThanOrEqual(total * 0.95);
  });
}

function states({ scripts }: VectorFile): [number, number] {
  return [sum(scripts.map((script) => script.statesEqual)), sum(scripts.map((script) => script.statesTotal))];
}

function scriptLine(file: VectorFile): string {
  if (file.scripts.length === 0) return '';
  const [equal, total] = states(file);
  const wires = sum(file.scripts.map((script) => script.wiresEqual));
  return `; states ${equal}/${total}, wire ${wires}/${sum(file.scripts.map((script) => script.wiresTotal))}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
