import { expect, test } from 'vitest';
import { ext4 } from './rig.ts';
import { addMount, DEVICE, removeDevice } from './support.ts';

test('[ADV10] nothing is said of how it then is where the removal is refused of what is bound', () => {
  const { made } = ext4('v6.1');
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  addMount(made, { path: '/mnt/b', fs_type: 'xfs', rmapbt: true, agcount: 1, partition: 1 });
  const [first] = made.ask({ type: 'survey_holders', dax_device: DEVICE }).advice;
  expect(first).toMatchObject({
    action: 'clean_up',
    state_then: null,
    verdict_then: null,
    impact_then: null,
  });
  for (const call of first!.calls!) made.run(call);
  const [then] = made.ask({ type: 'assess_removals', dax_device: DEVICE });
  expect(then).toMatchObject({ state: null, verdict: null, refused: { code: 'outcome_unknown' } });
});
