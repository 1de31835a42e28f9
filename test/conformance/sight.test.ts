import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesOf, objectsOf } from './leaves.ts';
import { listedAs, notCompared } from './not_compared.ts';
import { play } from './play.ts';
import { readRecordings, type Recorded } from './recording.ts';
import { differences, sightLines } from './report.ts';
import { startService } from './service.ts';
import { sightOf, type Sight } from './sight.ts';

const recordings = readRecordings(fileURLToPath(new URL('recordings', import.meta.url)));

/** `fsdax`, `kmem`, `stale-op`, …: of each family the recording that has the most in it. */
function oneOfEachFamily(): readonly (readonly [string, Recorded])[] {
  const families = new Map<string, Recorded>();
  const size = ({ recording }: Recorded): number => JSON.stringify(recording.observed).length;
  for (const recorded of recordings) {
    const family = /^(?:stale-op|[a-z]+)/.exec(recorded.name)?.[0] ?? '';
    const before = families.get(family);
    if (before === undefined || size(before) < size(recorded)) families.set(family, recorded);
  }
  return [...families.values()].map((recorded) => [recorded.name, recorded]);
}

describe('every leaf of a recording is compared, or listed with a reason', () => {
  const sights = new Map<string, Sight>();

  beforeAll(async () => {
    for (const recorded of recordings) sights.set(recorded.name, await sightOf(recorded));
  });

  it.each(recordings.map(({ name }) => [name]))('%s', (name) => {
    const { overlooked, compared } = sights.get(name) ?? { overlooked: ['no recording'], compared: 0 };
    expect(overlooked).toEqual([]);
    expect(compared).toBeGreaterThan(0);
  });

  it('every row of what is not compared lists a leaf that nothing else looks at', () => {
    const used = new Set([...sights.values()].flatMap(({ rows }) => [...rows]));
    const unused = notCompared().filter((row) => row.left_out !== true && !used.has(row));
    expect(unused.map(({ leaves }) => leaves)).toEqual([]);
  });

  // A comparison that is dropped makes leaves that were compared listed, or overlooked: the counts tell.
  it('is what the README says', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    for (const line of sightLines([...sights])) expect(readme).toContain(line);
  });
});

/** What the guest's log and the tools print is not the recorder's: its keys are theirs, and listed as a whole. */
const WHATEVER = /^raw|(?:^|\.)kernel_log|stdout: |^given\.(?:setup|cxl|converted_with)/;
const STRANGE = 'never_heard_of';

/** Objects by name of what is counted or judged: a key more is one more to compare. */
const BY_NAME = /\.(?:counters|counters_changed|verdicts|verdicts_after_unbind|result)$/;

describe('a key that nobody knows is overlooked', () => {
  it.each(oneOfEachFamily())('%s', async (_name, recorded) => {
    const copy = { ...recorded, recording: structuredClone(recorded.recording) };
    const places = objectsOf(copy.recording).filter(({ path }) => !WHATEVER.test(path));
    for (const { object } of places) object[STRANGE] = 'something';
    const strange = places.map(({ path }) => (path === '' ? STRANGE : `${path}.${STRANGE}`));
    expect(strange.filter((path) => listedAs(path, 'something') !== null)).toEqual([]);
    const { overlooked } = await sightOf(copy);
    const seen = places.filter((_place, n) => !overlooked.includes(strange[n] ?? ''));
    expect(seen.map(({ path }) => path).filter((path) => !BY_NAME.test(path))).toEqual([]);
  });
});

describe('an answer that is another one', () => {
  let service: Awaited<ReturnType<typeof startService>>;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it.each(oneOfEachFamily())('%s: is a difference', async (name, recorded) => {
    const copy = { ...recorded, recording: structuredClone(recorded.recording) };
    const answers = leavesOf(copy.recording).filter(
      ({ path, value }) =>
        /^observed\..*(?:errno|signal|alive|read_after|verdict)$/.test(path) &&
        listedAs(path, value) === null,
    );
    for (const [n, leaf] of answers.slice(0, 4).entries()) {
      const undo = leaf.replace(leaf.value === true ? false : 'other');
      const played = await play({ ...copy, name: `${name} ${n}` }, service.call, []);
      expect(differences([played], 'core').length, leaf.path).toBeGreaterThan(0);
      undo();
    }
    expect(answers.length).toBeGreaterThan(0);
  });
});
