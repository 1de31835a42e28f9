import type { Registry } from 'prom-client';

/** Upper bounds of the buckets, in seconds; what takes longer is counted in none but the last, +Inf. */
const BOUNDS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60] as const;

type Labels = Readonly<Record<string, string>>;

/** What was observed under one set of labels. */
interface Series {
  readonly labels: Labels;
  /** By the first bound that is not exceeded. */
  readonly counts: number[];
  count: number;
  sum_s: number;
}

/** A histogram of durations for Prometheus. */
export interface Durations {
  /** Counts under these labels from now on, in seconds. Of each set it is asked once: it finds nothing by labels. */
  readonly under: (labels: Labels) => (seconds: number) => void;
}

/** prom-client's own looks the labels up by a text that it makes of them, at each observation. */
export function registerDurations(registry: Registry, name: string, help: string): Durations {
  const all: Series[] = [];
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: all.flatMap((series) => valuesOf(name, series)) }),
  };
  // Its type names prom-client's classes; a registry asks a metric for its name and for get() alone.
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  return {
    under: (labels) => {
      const series: Series = { labels, counts: BOUNDS_S.map(() => 0), count: 0, sum_s: 0 };
      all.push(series);
      return (seconds) => {
        const bucket = BOUNDS_S.findIndex((bound) => seconds <= bound);
        if (bucket !== -1) series.counts[bucket]! += 1;
        series.count += 1;
        series.sum_s += seconds;
      };
    },
  };
}

/** Prometheus counts each bucket with those below it. */
function valuesOf(name: string, { labels, counts, count, sum_s }: Series) {
  let below = 0;
  const buckets = BOUNDS_S.map((bound, at) => {
    below += counts[at]!;
    return { metricName: `${name}_bucket`, labels: { le: String(bound), ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value: sum_s },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
