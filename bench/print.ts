const LABEL_WIDTH = 52;

export function line(label: string, text: string): void {
  process.stdout.write(`${label.padEnd(LABEL_WIDTH)} ${text}\n`);
}

/** Two measurements of one run, and what the first is of the second. */
export function ratio(
  label: string,
  value: number,
  reference: number,
  print: (value: number) => string,
): void {
  line(label, `${(value / reference).toFixed(2)}x   (${print(value)} : ${print(reference)})`);
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 0)} ms`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
