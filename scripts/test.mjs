/**
 * `npm test`: everything that can be checked, in two lanes (the gates and the build beside the tests in Node), then the tests in a
 * real browser. Ends with one line, `N passed, N failed` and, where there are any, `, N skipped`, summed over all of it.
 *
 * --only a,b   only these steps (their names are below)      --all   also formatting, the long simulation and the benchmarks
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkTypes } from './check-types.mjs';
import { chromiumAdvice, ensureChromium } from './chromium.mjs';
import { root } from './paths.mjs';
import { countTests, sentence, sumAll, sumReport } from './tally.mjs';

const stepDeadlineMs = 30 * 60 * 1000;
const reports = mkdtempSync(join(tmpdir(), 'tabernetes-test-'));
const bin = (path) => join(root, 'node_modules', path);
const passed = { passed: 1, failed: 0, skipped: 0 };
const failed = { passed: 0, failed: 1, skipped: 0 };
const skipped = (count, output) => ({ passed: 0, failed: 0, skipped: count, output });

/** Runs a program of Node to its end; resolves to its exit code and all it printed. A step that never ends is stopped and fails. */
function run(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, NO_COLOR: '1', ...env } });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const deadline = setTimeout(() => {
      output += `\nstopped: not finished after ${stepDeadlineMs / 60_000} minutes`;
      child.kill('SIGKILL');
    }, stepDeadlineMs);
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, output: output.trim() });
    });
  });
}

async function asOneTest(args, env) {
  const { code, output } = await run(args, env);
  return { ...(code === 0 ? passed : failed), output };
}

async function vitest(project, files = []) {
  const file = join(reports, `${project}-${files.length}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...files];
  const { code, output } = await run([bin('vitest/vitest.mjs'), ...args]);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  return { ...sumReport(report, code), output };
}

function filesUnder(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(ending));
}

/** Tests written down in a folder, for what has to be skipped as a whole. */
function countTestsIn(folder) {
  return filesUnder(folder, '.test.ts').reduce((sum, name) => sum + countTests(readFileSync(join(root, folder, name), 'utf8')), 0);
}

async function types() {
  const results = await checkTypes();
  return {
    passed: results.filter((result) => result.ok).length,
    failed: results.filter((result) => !result.ok).length,
    skipped: 0,
    output: results
      .filter((result) => !result.ok)
      .map((result) => `types of ${result.name} (${result.config})\n${result.output}`)
      .join('\n'),
  };
}

async function svelte() {
  if (filesUnder('src/ui', '.svelte').length === 0) return skipped(1, 'no Svelte component yet');
  // Its overlays outlive a deleted component, which would still be reported.
  rmSync(join(root, '.svelte-check'), { recursive: true, force: true });
  const args = ['--tsconfig', './tsconfig.ui.json', '--tsgo', '--fail-on-warnings', '--output', 'human'];
  return asOneTest([bin('svelte-check/bin/svelte-check'), ...args]);
}

const lint = () =>
  asOneTest([bin('eslint/bin/eslint.js'), '--cache', '--cache-location', 'node_modules/.cache/eslint/', '--max-warnings', '0', '.']);
const promises = () => asOneTest([bin('eslint/bin/eslint.js'), '--config', 'eslint.promises.config.js', '--max-warnings', '0', 'src']);
const format = () => asOneTest([bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']);
const program = (entry) => () => (existsSync(join(root, entry)) ? asOneTest(['scripts/run.mjs', entry]) : skipped(1, `no ${entry} yet`));

/** Chromium is looked for once, before the first step that needs it. */
let chromium;
function inChromium(project) {
  return async () => {
    chromium ??= ensureChromium() ?? 'none';
    if (chromium !== 'none') process.env.CHROME_PATH = chromium;
    else if (project === 'browser') return skipped(countTestsIn('tests/browser'), chromiumAdvice);
    return vitest(project);
  };
}

/** All steps by name. Lanes 1 and 2 run side by side, lane 3 afterwards; `extra` steps only when named or with --all. */
const steps = {
  types: { lane: 1, title: 'types', run: types },
  svelte: { lane: 1, title: 'Svelte components', run: svelte },
  lint: { lane: 1, title: 'lint', run: lint },
  promises: { lane: 1, title: 'promises and states', run: promises },
  format: { lane: 1, title: 'format', run: format, extra: true },
  build: { lane: 1, title: 'build and its budgets', run: () => asOneTest(['scripts/build.mjs']) },
  tidy: { lane: 2, title: 'house rules', run: () => vitest('node', ['tests/tidy.test.ts', 'tests/gates']), extra: true, within: 'node' },
  node: { lane: 2, title: 'units and house rules', run: () => vitest('node') },
  vectors: { lane: 2, title: 'vectors', run: () => vitest('vectors') },
  simulation: { lane: 2, title: 'simulation, scenarios, conformance', run: () => vitest('simulation') },
  browser: { lane: 3, title: 'in the browser', run: inChromium('browser') },
  page: { lane: 3, title: 'the built page', run: inChromium('page') },
  sim: { lane: 3, title: 'long simulation', run: program('tests/simulation/run.ts'), extra: true },
  bench: { lane: 3, title: 'benchmarks', run: program('bench/run.ts'), extra: true },
};

function chosenSteps() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, all: { type: 'boolean', default: false } } });
  const names = Object.keys(steps);
  if (values.only === undefined) return names.filter((name) => !steps[name].extra || (values.all && !steps[name].within));
  const only = values.only.split(',');
  const unknown = only.filter((name) => !steps[name]);
  if (unknown.length > 0) {
    console.error(`There is no step ${unknown.join(', ')}. Steps: ${names.join(', ')}`);
    process.exit(2);
  }
  return only;
}

async function runStep(name) {
  const started = Date.now();
  const result = await steps[name].run();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${result.failed ? 'FAIL' : 'ok  '} ${steps[name].title}: ${sentence(result)} (${seconds} s)`);
  const worthReading = result.failed > 0 || result.skipped > 0 || ['vectors', 'build', 'sim', 'bench'].includes(name);
  if (worthReading && result.output) console.log(result.output.replace(/^/gm, '     '));
  return result;
}

async function runLane(names) {
  const results = [];
  for (const name of names) results.push(await runStep(name));
  return results;
}

const chosen = chosenSteps();
const lane = (number) => runLane(chosen.filter((name) => steps[name].lane === number));
const results = [...(await Promise.all([lane(1), lane(2)])).flat(), ...(await lane(3))];
rmSync(reports, { recursive: true, force: true });
const total = sumAll(results);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${sentence(total)}`);
