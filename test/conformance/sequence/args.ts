import type { Argument } from './recording.ts';

/** The words and numbers after a verb; what is not there is empty, 0 or the given default. */
export function wordAt(args: readonly Argument[], n: number, otherwise = ''): string {
  const arg = args[n];
  return typeof arg === 'string' || typeof arg === 'number' ? String(arg) : otherwise;
}

export function numberAt(args: readonly Argument[], n: number, otherwise = 0): number {
  const arg = args[n];
  return typeof arg === 'number' ? arg : otherwise;
}

export function listAt(args: readonly Argument[], n: number): readonly string[] {
  const arg = args[n];
  return Array.isArray(arg) ? (arg as readonly string[]) : [];
}
