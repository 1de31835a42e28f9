import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leavesOf, otherValues } from '../leaves.ts';
import type { Leaf } from '../leaves.ts';
import { readRecordings } from '../recording.ts';
import type { Recorded } from '../recording.ts';
import { differences } from '../report.ts';
import { startService } from '../service.ts';
import type { Call, Reply } from '../step.ts';
import { playSequence } from './play.ts';
import { stepsOf } from './recording.ts';

/** Kinds of leaves of answers, `VERB .PATH`, that nothing is compared with, and why. */
interface NotCompared {
  readonly leaves: string;
  readonly reason: string;
}

const byName = readRecordings(fileURLToPath(new URL('recordings', import.meta.url)));
/** Recordings of all families from the first on. */
const recordings = Array.from({ length: 10 }, (_, nth) =>
  byName.filter((_recorded, n) => n % 10 === nth),
).flat();
const listed = JSON.parse(
  readFileSync(new URL('not_compared.json', import.meta.url), 'utf8'),
) as readonly NotCompared[];
/** So many leaves of a kind are changed, in recordings that have others too, before it counts as one that nobody sees. */
const TRIES = 8;

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** A play and all that the service answered in it. */
interface Act {
  readonly told: string;
  readonly asked: readonly (readonly [request: string, reply: Reply])[];
}

async function actedOut(recorded: Recorded): Promise<Act> {
  const asked: [string, Reply][] = [];
  const call: Call = async (method, path, body, headers) => {
    const reply = await service.call(method, path, body, headers);
    asked.push([`${method} ${path} ${JSON.stringify(body)}`, reply]);
    return reply;
  };
  return { told: await toldBy(recorded, call), asked };
}

async function toldBy(recorded: Recorded, call: Call): Promise<string> {
  const { observations } = await playSequence(recorded, call, []);
  return observations.map(({ name, expected }) => `${name} | ${expected}`).join('\n');
}

/** Whether the same service, asked by what is recorded now, is asked or expected to say something else. */
async function isOther(recorded: Recorded, { told, asked }: Act): Promise<boolean> {
  let n = 0;
  const call: Call = (method, path, body) => {
    const [request, reply] = asked[n++] ?? [];
    const isSame = request === `${method} ${path} ${JSON.stringify(body)}` && reply !== undefined;
    return isSame ? Promise.resolve(reply) : Promise.reject(new Error('asked something else'));
  };
  try {
    return (await toldBy(recorded, call)) !== told || n !== asked.length;
  } catch {
    return true;
  }
}

interface Place {
  readonly kind: string;
  readonly leaf: Leaf;
}

/** The leaves of a recording's answers, each with its kind: the verb it answers, and its path in the answer. */
function placesOf(recorded: Recorded): readonly Place[] {
  return (stepsOf(recorded) ?? []).flatMap(({ op, r }) =>
    leavesOf(r).map((leaf) => ({ kind: `${op[0]} ${leaf.path.replaceAll('[+]', '[0]')}`, leaf })),
  );
}

async function isSeen({ leaf }: Place, recorded: Recorded, act: Act): Promise<boolean> {
  for (const other of otherValues(leaf.value)) {
    const undo = leaf.replace(other);
    const isChanged = await isOther(recorded, act);
    undo();
    if (isChanged) return true;
  }
  return false;
}

test('every kind of leaf of an answer is compared, or listed with a reason', async () => {
  const tried = new Map<string, number>();
  const seen = new Set<string>();
  for (const original of recordings) {
    const recorded = { ...original, recording: structuredClone(original.recording) };
    const due = placesOf(recorded).filter(({ kind }) => !seen.has(kind) && (tried.get(kind) ?? 0) < TRIES);
    if (due.length === 0) continue;
    const act = await actedOut(recorded);
    const here = new Map<string, number>();
    for (const place of due) {
      const { kind } = place;
      // One of a kind a recording: what one recording hides another may show.
      if (seen.has(kind) || (here.get(kind) ?? 0) >= 1) continue;
      here.set(kind, (here.get(kind) ?? 0) + 1);
      tried.set(kind, (tried.get(kind) ?? 0) + 1);
      if (await isSeen(place, recorded, act)) seen.add(kind);
    }
  }
  const unseen = [...tried.keys()].filter((kind) => !seen.has(kind));
  const isListed = (kind: string, { leaves }: NotCompared): boolean =>
    new RegExp(`^(?:${leaves})$`).test(kind);
  expect(unseen.filter((kind) => !listed.some((row) => isListed(kind, row)))).toEqual([]);
  const unused = listed.filter((row) => !unseen.some((kind) => isListed(kind, row)));
  expect(unused.map(({ leaves }) => leaves)).toEqual([]);
});

/** What an answer says that something met. */
const MET = /(?:errno|signal|killed_by|gone|oopsed|rc|nd_pmem\[0\]|HardwareCorrupted_kB)$/;

test.each(
  recordings.filter((_recorded, n) => n % 15 === 0).map((recorded) => [recorded.name, recorded] as const),
)('%s: an answer that is another one is a difference', async (name, original) => {
  const recorded = { ...original, recording: structuredClone(original.recording) };
  const count = async (as: string): Promise<number> =>
    differences([await playSequence({ ...recorded, name: as }, service.call, [])], 'core').length;
  const before = await count(`${name} unchanged`);
  const answers = placesOf(recorded).filter(({ kind }) => MET.test(kind));
  expect(answers.length).toBeGreaterThan(0);
  const { leaf } = answers.at(-1) ?? {};
  leaf?.replace(
    typeof leaf.value === 'number' ? leaf.value + 1 : typeof leaf.value === 'boolean' ? !leaf.value : 'other',
  );
  expect(await count(`${name} changed`), leaf?.path).not.toBe(before);
});
