import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ask } from '../../src/engine/ask.ts';
import { emptyHost } from '../../src/engine/model/apply.ts';
import type { Question } from '../../src/engine/model/question.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { cases } from '../support/property.ts';
import { anyStory, play } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { addDevice, DEVICE, machine, steadyContext } from './support.ts';

/** All that can be asked where that device is. */
function questionsAbout(dax_device: string): readonly Question[] {
  return [
    { type: 'survey_holders', dax_device },
    { type: 'compare_removals', dax_device, trigger: 'surprise_removal', kernels: KERNEL_NAMES },
    { type: 'plan_removals', dax_devices: [dax_device], trigger: 'unbind' },
    { type: 'assess_removals', dax_device },
    { type: 'assess_removals' },
    { type: 'survey_capacity' },
    { type: 'survey_memory_blocks', dax_device, start: 0, limit: 10 },
    { type: 'survey_memory_block', dax_device, block: 0 },
  ];
}

test('no question changes anything, of any host', () => {
  let asked = 0;
  fc.assert(
    fc.property(anyStory, (story) => {
      const { host, tryAsk } = play(story, () => undefined);
      const before = stateHash(host);
      for (const name of [...host.tables.dax_devices.keys(), 'nobody'])
        for (const question of questionsAbout(name)) {
          tryAsk(question);
          asked += 1;
          expect([question.type, stateHash(host)]).toEqual([question.type, before]);
        }
    }),
    cases(20),
  );
  expect(asked).toBeGreaterThan(500);
});

test.each(questionsAbout(DEVICE))('nothing is answered of a host that is not there: $type', (question) => {
  expect(ask(emptyHost(), question, steadyContext())).toMatchObject({ code: 'host_not_found' });
});

test('what is not there is refused by name', () => {
  const made = machine('v6.1');
  addDevice(made);
  const codeOf = (question: Question): unknown => made.tryAsk(question);
  for (const question of questionsAbout('pmem9')) {
    if (question.type === 'survey_capacity' || !('dax_device' in question)) continue;
    expect(codeOf(question)).toMatchObject({ code: 'dax_device_not_found' });
  }
  expect(codeOf({ type: 'survey_memory_block', dax_device: DEVICE, block: 0 })).toMatchObject({
    code: 'memory_block_not_found',
  });
});
