/** One seed, one life: two processes of Node that live the same whole cluster come to the same trace, frame by frame, write by write. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a process printed that lived the life of a seed. */
function lived(seed: string, controlPlanes: number, workers: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ['scripts/run.mjs', 'tests/simulation/trace-program.ts', seed, `${controlPlanes}`, `${workers}`];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`ended with ${code}\n${errors}${output}`))));
  });
}

describe('the same seed in two processes', () => {
  it('gives the same trace hash after every second of boot, writes, a power cut and recovery', async () => {
    const [one, other] = await Promise.all([lived('replay', 3, 2), lived('replay', 3, 2)]);
    expect(one.split('\n').length).toBeGreaterThan(30);
    expect(other).toBe(one);
  });

  it('gives another trace for another seed', async () => {
    const [one, other] = await Promise.all([lived('replay', 1, 0), lived('replay otherwise', 1, 0)]);
    expect(other.split('\n').at(-2)).not.toBe(one.split('\n').at(-2));
  });
});
