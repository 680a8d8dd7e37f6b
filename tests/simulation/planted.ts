/**
 * `node scripts/run.mjs tests/simulation/planted.ts [words of a fault, or the number of the first]`: plants the faults of `planted-faults.ts` one at a time and says
 * which seed caught each, and as what. The exit code is 1 if one is not caught.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'vite';
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.ts';

/** Seeds that a fault has to be caught in. */
const SEEDS = { etcd: 2_000, stacked: 6, raft: 2_000 } as const;

const LIMIT_MS = 240_000;

function planting({ file, find, replace }: PlantedFault): Plugin & { readonly isPlanted: () => boolean } {
  let isPlanted = false;
  return {
    name: 'planted-fault',
    enforce: 'pre',
    isPlanted: () => isPlanted,
    transform(code, id) {
      if (!id.endsWith(`/${file}`)) return undefined;
      if (!code.includes(find)) throw new Error(`${file} has no ${find}`);
      isPlanted = true;
      return code.replace(find, () => replace);
    },
  };
}

/** Runs the simulation with a fault planted; the line that caught it, undefined if none did. */
async function caughtBy(fault: PlantedFault): Promise<string | undefined> {
  const { topology = 'etcd' } = fault;
  const outDir = mkdtempSync(join(process.cwd(), 'node_modules/.cache/planted-'));
  try {
    const plugin = planting(fault);
    await build({
      configFile: false,
      logLevel: 'error',
      plugins: [plugin],
      build: {
        ssr: 'tests/simulation/run.ts',
        outDir,
        target: 'node20',
        emptyOutDir: true,
        rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
      },
    });
    if (!plugin.isPlanted()) throw new Error(`${fault.file} is not part of the simulation`);
    const args = ['--topology', topology, '--seeds', String(SEEDS[topology]), '--no-shrink', '--stop-at-failure'];
    const child = spawn(process.execPath, [join(outDir, 'main.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A cluster that turns in circles for ever is caught as well.
      timeout: LIMIT_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (child.killed && !/^\d+ seeds/m.test(output)) return `hangs for ${LIMIT_MS / 1000} s`;
    const line = /^FAIL (.*)$/m.exec(output)?.[1];
    return line ?? (code === 0 || child.killed ? undefined : output.trim().split('\n').at(-1));
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

const [from, words = ''] = process.argv[2]?.match(/^\d+$/) ? [Number(process.argv[2])] : [0, process.argv.slice(2).join(' ')];
const chosen = PLANTED_FAULTS.slice(from).filter(({ what }) => what.includes(words));
let missed = 0;
for (const fault of chosen) {
  const line = await caughtBy(fault);
  if (line === undefined) missed++;
  console.log(`| ${fault.what} | \`${fault.file}\` | ${line === undefined ? '**not caught**' : line.slice(0, 160)} |`);
}
console.log(`${chosen.length} planted, ${chosen.length - missed} caught`);
process.exit(missed > 0 ? 1 : 0);
