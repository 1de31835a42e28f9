import { expect, test } from 'vitest';
import { rmapbt } from './rig.ts';
import { processOf, removeDevice } from './support.ts';

test('[R54] a loop that stores on a file system which stays frozen waits, and is sent no signal', () => {
  const { made, mapper } = rmapbt('v7.3', 0, 4);
  const { pid } = mapper({ touched: 'write', activity: 'storing', sigbus: 'handled' });
  const { state, report } = removeDevice(made);
  expect([state, processOf(made, pid).state]).toEqual(['stuck', 'blocked']);
  expect(report.signals.filter(({ delivery }) => delivery === 'on-access')).toEqual([]);
});
