/** Latencies of many requests summed up, and shown as etcd's own measuring tools show them (pkg/report of 3.5). */

/** What a run of requests came to; times in seconds. */
export interface Stats {
  readonly total: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly average: number;
  readonly deviation: number;
  readonly perSecond: number;
  /** Of each request that was answered, in rising order. */
  readonly latencies: readonly number[];
  /** Error texts and how often each came. */
  readonly errors: ReadonlyMap<string, number>;
}

const PERCENTILES: readonly number[] = Object.freeze([10, 25, 50, 75, 90, 95, 99, 99.9]);
const BUCKETS = 10;
const BAR_LENGTH = 40;

/** The latency that `percent` of the requests did not exceed, in seconds; 0 without any. */
export function percentile(latencies: readonly number[], percent: number): number {
  const at = Math.ceil((percent * (latencies.length + 1)) / 100) - 1;
  return latencies[Math.min(Math.max(at, 0), latencies.length - 1)] ?? 0;
}

/** Collects the outcome of requests as they end. */
export class Report {
  readonly #latencies: number[] = [];
  readonly #errors = new Map<string, number>();

  answered(seconds: number): void {
    this.#latencies.push(seconds);
  }
  failed(text: string): void {
    this.#errors.set(text, (this.#errors.get(text) ?? 0) + 1);
  }

  /** Sums up after `total` seconds. */
  stats(total: number): Stats {
    const latencies = this.#latencies.toSorted((one, other) => one - other);
    const count = Math.max(1, latencies.length);
    const average = latencies.reduce((sum, each) => sum + each, 0) / count;
    return {
      total,
      fastest: latencies[0] ?? 0,
      slowest: latencies.at(-1) ?? 0,
      average,
      deviation: Math.sqrt(latencies.reduce((sum, each) => sum + (each - average) ** 2, 0) / count),
      perSecond: total > 0 ? latencies.length / total : 0,
      latencies,
      errors: this.#errors,
    };
  }
}

function histogram({ latencies, fastest, slowest }: Stats, show: (value: number) => string): string {
  const width = (slowest - fastest) / BUCKETS;
  const edges = Array.from({ length: BUCKETS + 1 }, (_, at) => (at === BUCKETS ? slowest : fastest + width * at));
  const counts = edges.map(() => 0);
  let at = 0;
  for (const latency of latencies) {
    while (at < BUCKETS && latency > edges[at]!) at++;
    counts[at]!++;
  }
  const most = Math.max(...counts, 1);
  return edges
    .map((edge, bucket) => `  ${show(edge)} [${counts[bucket]!}]\t|${'∎'.repeat(Math.floor((counts[bucket]! * BAR_LENGTH) / most))}\n`)
    .join('');
}

/** The report as it is printed; `digits` behind the point. */
export function reportText(stats: Stats, digits: number): string {
  const show = (value: number): string => value.toFixed(digits);
  const seconds = (value: number): string => `${show(value)} secs`;
  const { latencies, errors } = stats;
  const errorLines = [...errors].map(([text, count]) => `  [${count}]\t${text}\n`).join('');
  const errorPart = errors.size === 0 ? '' : `\nError distribution:\n${errorLines}`;
  if (latencies.length === 0) return errorPart;
  const summary = [
    `  Total:\t${seconds(stats.total)}.`,
    `  Slowest:\t${seconds(stats.slowest)}.`,
    `  Fastest:\t${seconds(stats.fastest)}.`,
    `  Average:\t${seconds(stats.average)}.`,
    `  Stddev:\t${seconds(stats.deviation)}.`,
    `  Requests/sec:\t${show(stats.perSecond)}`,
  ].join('\n');
  const distribution = PERCENTILES.map((percent) => [percent, percentile(latencies, percent)] as const)
    .filter(([, latency]) => latency > 0)
    .map(([percent, latency]) => `  ${percent}% in ${seconds(latency)}.\n`)
    .join('');
  return `\nSummary:\n${summary}\n\nResponse time histogram:\n${histogram(stats, show)}\nLatency distribution:\n${distribution}${errorPart}`;
}
