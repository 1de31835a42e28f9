import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compact as withoutLeftOut } from './compact.ts';
import { playAll } from './play_all.ts';
import type { Played } from './play.ts';
import { readRecordings } from './recording.ts';
import type { Recorded } from './recording.ts';
import {
  differenceLine,
  differences,
  notCovered,
  scores,
  sightLines,
  totals,
  withoutRequest,
} from './report.ts';
import { compactSequence } from './sequence/compact.ts';
import { stepsOf } from './sequence/recording.ts';
import { startService } from './service.ts';
import { sightOf } from './sight.ts';
import type { Sight } from './sight.ts';

const USAGE = `usage: npm run conformance -- [options] [FOLDER]
Plays recordings of real kernels against the service and compares every answer: of one event, and sequences of steps.
  --differences   print the core differences alone, one line each, and look for no overlooked leaves
  --detail        name the differences of the detail class too
  --only PATTERN  only recordings whose file name matches
  --compact OUT   write the recordings to OUT without what is not read here, and play nothing
`;
const FOLDERS = ['recordings', 'sequence/recordings'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      differences: { type: 'boolean', default: false },
      detail: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      compact: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say([USAGE], 0);
  const only = new RegExp(values.only);
  const folders = positionals.length === 0 ? FOLDERS : positionals;
  const recordings = folders.flatMap(readRecordings).filter(({ name }) => only.test(name));
  if (values.compact !== undefined) return compactInto(values.compact, recordings);
  const service = await startService();
  const played = await playAll(recordings, service.call);
  await service.close();
  const core = differences(played, 'core');
  const lines = [...core, ...(values.detail ? differences(played, 'detail') : [])].map(differenceLine);
  const names = new Set(recordings.filter(isSequence).map(({ name }) => name));
  const sequences = played.filter(({ recording }) => names.has(recording));
  if (values.differences) return say(lines, core.length === 0 ? 0 : 1);
  const single = played.filter(({ recording }) => !names.has(recording));
  const isOverlooked = await sayAll(recordings, single, sequences, lines);
  return core.length > 0 || isOverlooked ? 1 : 0;
}

function isSequence(recorded: Recorded): boolean {
  return stepsOf(recorded) !== null;
}

function compactInto(folder: string, recordings: readonly Recorded[]): number {
  for (const recorded of recordings) {
    const { name, recording } = recorded;
    const kept = isSequence(recorded) ? compactSequence(recording) : withoutLeftOut(recording);
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(kept)}\n`);
  }
  return 0;
}

/** Scores, differences and totals of both kinds; whether a leaf of a recording is overlooked. */
async function sayAll(
  recordings: readonly Recorded[],
  single: readonly Played[],
  sequences: readonly Played[],
  lines: readonly string[],
): Promise<boolean> {
  const sights: [string, Sight][] = [];
  for (const recorded of recordings) {
    if (!isSequence(recorded)) sights.push([recorded.name, await sightOf(recorded)]);
  }
  const ofSingle = single.length === 0 ? [] : [...totals(single), ...sightLines(sights)];
  const ofSequences = sequences.length === 0 ? [] : totals(sequences, 'sequences, ');
  const all = [...single, ...sequences];
  say([...scores(all), ...lines, ...withoutRequest(all), ...notCovered(all), ...ofSingle, ...ofSequences], 0);
  return sights.some(([, { overlooked }]) => overlooked.length > 0);
}

function say(lines: readonly string[], status: number): number {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

process.exitCode = await main(process.argv.slice(2));
