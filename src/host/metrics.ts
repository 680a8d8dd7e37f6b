/** Prometheus metrics of one process: counters, gauges and histograms with labels, and the text exposition format 0.0.4. */
import type { Metrics } from './telemetry.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly series: Map<string, Series>;
}
interface Series {
  readonly labelValues: readonly string[];
  value: number;
  count: number;
  readonly bucketCounts: number[];
}

/** Series a family may have; beyond that new label values are counted under the last series' bound and refused. */
const SERIES_BOUND = 2_000;

const escapeLabel = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

/** An empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const family = (
    name: string,
    help: string,
    type: Family['type'],
    labelNames: readonly string[],
    buckets: readonly number[] = [],
  ): Family => {
    const known = families.get(name);
    if (known) return known;
    const made: Family = { name, help, type, labelNames, buckets, series: new Map() };
    families.set(name, made);
    if (labelNames.length === 0) seriesOf(made, []);
    return made;
  };
  const seriesOf = (of: Family, labelValues: readonly string[]): Series => {
    const key = labelValues.join('\u0000');
    let series = of.series.get(key);
    if (!series) {
      series = { labelValues, value: 0, count: 0, bucketCounts: of.buckets.map(() => 0) };
      if (of.series.size < SERIES_BOUND) of.series.set(key, series);
    }
    return series;
  };
  const labels = (of: Family, series: Series, extra = ''): string => {
    const pairs = of.labelNames.map((name, at) => `${name}="${escapeLabel(series.labelValues[at] ?? '')}"`);
    if (extra) pairs.push(extra);
    return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
  };
  const expose = (of: Family): string => {
    let text = `# HELP ${of.name} ${of.help}\n# TYPE ${of.name} ${of.type}\n`;
    for (const series of of.series.values()) {
      if (of.type !== 'histogram') {
        text += `${of.name}${labels(of, series)} ${series.value}\n`;
        continue;
      }
      let below = 0;
      of.buckets.forEach((bound, at) => {
        below += series.bucketCounts[at]!;
        text += `${of.name}_bucket${labels(of, series, `le="${bound}"`)} ${below}\n`;
      });
      text += `${of.name}_bucket${labels(of, series, 'le="+Inf"')} ${series.count}\n${of.name}_sum${labels(of, series)} ${series.value}\n${of.name}_count${labels(of, series)} ${series.count}\n`;
    }
    return text;
  };
  return {
    counter(name, help, labelNames = []) {
      const of = family(name, help, 'counter', labelNames);
      return {
        add: (amount = 1, ...labelValues) => {
          seriesOf(of, labelValues).value += amount;
        },
      };
    },
    gauge(name, help, labelNames = []) {
      const of = family(name, help, 'gauge', labelNames);
      return {
        set: (value, ...labelValues) => {
          seriesOf(of, labelValues).value = value;
        },
      };
    },
    histogram(name, help, buckets, labelNames = []) {
      const of = family(name, help, 'histogram', labelNames, buckets);
      return {
        observe(value, ...labelValues) {
          const series = seriesOf(of, labelValues);
          series.value += value;
          series.count++;
          const at = of.buckets.findIndex((bound) => value <= bound);
          if (at >= 0) series.bucketCounts[at]!++;
        },
      };
    },
    text: () => [...families.values()].map(expose).join(''),
  };
}
