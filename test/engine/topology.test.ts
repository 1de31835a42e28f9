import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { cases } from '../support/property.ts';
import { anyDrop, anyFork, anyLife, anyNode, anyStory, play, type Story } from './fleet.ts';
import { emptyMachine } from './support.ts';
import { exported, putOn } from './topology_rig.ts';

const KINDS_OF_STORIES = [
  ['any story', anyStory],
  ['lives', anyLife],
  ['nodes', anyNode],
  ['forks', anyFork],
  ['drops', anyDrop],
] as const;

describe.each(KINDS_OF_STORIES)('of %s', (_name, stories: fc.Arbitrary<Story>) => {
  test('[TOPO3] a PUT of what was exported changes nothing, and makes another host alike', () => {
    fc.assert(
      fc.property(stories, (story) => {
        const made = play(story, () => undefined);
        const topology = exported(made);
        expect(putOn(made, topology)).toMatchObject({ events: [], answer: { changes: [] } });
        const other = emptyMachine(story.kernel);
        expect(putOn(other, topology)).toMatchObject({ answer: { topology } });
        expect(exported(other)).toEqual(topology);
      }),
      cases(40),
    );
  });
});

test('[TOPO1] whatever host it is sent to, a PUT is refused and changes nothing, or the host is as declared', () => {
  let granted = 0;
  fc.assert(
    fc.property(anyLife, anyStory, (story, before) => {
      const topology = exported(play(story, () => undefined));
      const made = play({ ...before, kernel: story.kernel }, () => undefined);
      const was = exported(made);
      const decision = putOn(made, topology);
      if (isRefusal(decision)) {
        expect(exported(made)).toEqual(was);
        return;
      }
      granted += 1;
      expect(putOn(made, topology)).toMatchObject({ events: [], answer: { changes: [] } });
    }),
    cases(100),
  );
  expect(granted).toBeGreaterThan(0);
});

describe('[TOPO2] of more elements than a document has', () => {
  test('a PUT is refused', () => {
    const processes = Array.from({ length: 1_001 }, (_, at) => ({ pid: at + 1, comm: 'worker' }));
    expect(putOn(emptyMachine('v6.12'), { kernel: 'v6.12', processes })).toMatchObject({
      code: 'topology_too_large',
    });
  });

  test('neither is a host exported, nor all of it ended by a PUT', () => {
    const made = emptyMachine('v6.12');
    putOn(made, { kernel: 'v6.12' });
    for (let pid = 1; pid <= 1_001; pid += 1) made.run({ type: 'create_process', pid, comm: 'worker' });
    expect(putOn(made, { kernel: 'v6.12' })).toMatchObject({ code: 'topology_too_large' });
  });
});
