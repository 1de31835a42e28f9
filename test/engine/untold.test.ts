import { expect, test } from 'vitest';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { cxl, GONE } from './cxl_rig.ts';
import { importing } from './importing.ts';
import { MIB, steadyContext, type Machine } from './support.ts';

function loose(count: number): Machine {
  const made = cxl();
  const devices = Array.from({ length: count }, (_, at): ImportedDevice => {
    const name = `dax${String(at + 1)}.0`;
    return { name, mode: 'devdax', size: 64 * MIB, provider: 'CXL', change: 'created' };
  });
  made.run(importing(devices));
  return made;
}

/** What is not told, by the refusal of a dry run, which is that of the act. */
function unknownOf(made: Machine): string | undefined {
  const foreseen = foresee(made.host, GONE, steadyContext());
  if (!isRefusal(foreseen)) return undefined;
  expect(foreseen).toEqual(made.try(GONE));
  return /^unknown: (.*): import /.exec(foreseen.detail)?.[1];
}

test('[CX21] twenty of what may go along are named, and how many more there are', () => {
  expect(unknownOf(loose(0))).toBeUndefined();
  expect(unknownOf(loose(1))).toBe('whether dax1.0 goes with mem0 is not told');
  expect(unknownOf(loose(20))).toMatch(/dax20\.0 goes with mem0 is not told$/);
  expect(unknownOf(loose(23))).toMatch(/dax20\.0 and 3 more goes with mem0 is not told$/);
});

test('[CX21] the refusal says what to import', () => {
  expect(loose(1).try(GONE)).toMatchObject({
    code: 'outcome_unknown',
    detail: expect.stringMatching(
      /^unknown: whether dax1\.0 goes with mem0 is not told: import `cxl list -RMT`/,
    ) as string,
  });
});
