/**
 * `npm run bench [-- filter] [--runs N]`: figures of the simulator, of the cores and of the built lab in a browser (`-- browser`), medians
 * of five runs, or of as many as asked for, with least and most. Prints, judges nothing.
 */
import { parseArgs } from 'node:util';
import { browserBenchmarks } from './browser.ts';
import { etcdBenchmarks } from './etcd.ts';
import { simulationBenchmarks } from './simulation.ts';
import { terminalBenchmarks } from './terminal.ts';

const benchmarks = [...simulationBenchmarks, ...browserBenchmarks, ...terminalBenchmarks, ...etcdBenchmarks];

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Three significant digits, without an exponent. */
function shown(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits === 0 ? ' ' : '');
}

const { values: options, positionals } = parseArgs({ options: { runs: { type: 'string', default: '5' } }, allowPositionals: true });
const filter = positionals[0] ?? '';
const runs = Number(options.runs);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`--runs takes a number of runs, not «${options.runs}»`);
  process.exit(2);
}
const chosen = benchmarks.filter(({ name }) => name.includes(filter));
if (chosen.length === 0) {
  console.error(`No benchmark has «${filter}» in its name. There are: ${benchmarks.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
console.log(`Node ${process.version}, ${process.platform} ${process.arch}; medians of ${runs} (least to most)`);
for (const { name, run } of chosen) {
  const figures = new Map<string, number[]>();
  for (let at = 0; at < runs; at++) {
    for (const [figure, value] of Object.entries(await run(at))) figures.set(figure, [...(figures.get(figure) ?? []), value]);
  }
  console.log(name);
  for (const [figure, values] of figures) {
    console.log(
      `  ${figure.padEnd(44)} ${shown(median(values)).padStart(10)}  (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`,
    );
  }
}
process.exit(0);
