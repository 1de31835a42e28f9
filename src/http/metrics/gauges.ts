import { Gauge, type Registry } from 'prom-client';

/** A gauge of one value. */
export function gauge(registry: Registry, name: string, help: string): (value: number) => void {
  const made = new Gauge({ name, help, registers: [registry] });
  return (value) => made.set(value);
}

/** A gauge of a value for each pair of words, one of either label. */
export function gaugeByTwo(
  registry: Registry,
  name: string,
  help: string,
  [outer, inner]: readonly [string, string],
): (values: Readonly<Record<string, Readonly<Record<string, number>>>>) => void {
  const made = new Gauge({ name, help, labelNames: [outer, inner], registers: [registry] });
  return (values) => {
    for (const [of, counts] of Object.entries(values))
      for (const [word, value] of Object.entries(counts)) made.set({ [outer]: of, [inner]: word }, value);
  };
}

/** A gauge of a value for each word of one label; words that are not set again are gone. */
export function gaugeBy(
  registry: Registry,
  name: string,
  help: string,
  label: string,
): (values: Iterable<readonly [word: string, value: number]>) => void {
  const made = new Gauge({ name, help, labelNames: [label], registers: [registry] });
  return (values) => {
    made.reset();
    for (const [word, value] of values) made.set({ [label]: word }, value);
  };
}
