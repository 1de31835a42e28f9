import { readFileSync, writeFileSync } from 'node:fs';
import type { Observation } from '../play.ts';

const README = new URL('../../../README.md', import.meta.url);
const FILE = new URL('known_differences.json', import.meta.url);

/** Differences of sequences that are still to be mended: by recording, the names of the observations. */
export type KnownDifferences = Readonly<Record<string, readonly string[]>>;

export function readKnown(): KnownDifferences {
  return JSON.parse(readFileSync(FILE, 'utf8')) as KnownDifferences;
}

/** Writes the list anew, and the totals into the README. */
export function writeKnown(differences: readonly Observation[], totals: readonly string[]): void {
  const byRecording: Record<string, string[]> = {};
  for (const { recording, name } of differences) (byRecording[recording] ??= []).push(name);
  writeFileSync(FILE, `${JSON.stringify(byRecording, null, 2)}\n`);
  const readme = readFileSync(README, 'utf8').split('\n');
  const written = readme.map((line) => totals.find((total) => titleOf(total) === titleOf(line)) ?? line);
  writeFileSync(README, written.join('\n'));
}

/** `sequences, exempt`, of a line of totals. */
function titleOf(line: string): string {
  return line.split(':', 1)[0] ?? '';
}
