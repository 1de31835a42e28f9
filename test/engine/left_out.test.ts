import { expect, test } from 'vitest';
import { leftOut, withLeftOut } from '../../src/engine/commands/left_out.ts';
import { LISTED_ROWS_MAX } from '../../src/engine/model/cut.ts';

const WHY = { code: 'dax_device_in_use', detail: 'no' } as const;
const devices = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `dax${String(at)}.0` }));
const regions = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ kind: 'cxl_region', name: `region${String(at)}` }));

interface Lists {
  readonly devices: readonly unknown[];
  readonly host_objects: readonly unknown[];
  readonly skipped: readonly object[];
  readonly cut?: Readonly<Record<string, number>>;
}

const answerTo = (lists: Lists, left: Parameters<typeof withLeftOut>[1]): Lists =>
  JSON.parse(withLeftOut(JSON.stringify({ absent: [], ...lists }), left)) as Lists;

test('[CUT5] what was left out comes first, and counts among what is cut', () => {
  const skipped = devices(LISTED_ROWS_MAX);
  const answer = answerTo({ devices: devices(2), host_objects: [], skipped }, [
    leftOut('dax_device', 'dax0.0', WHY),
    leftOut('host', 'h', WHY),
  ]);
  expect(answer.skipped).toHaveLength(LISTED_ROWS_MAX);
  expect(answer.skipped.slice(0, 3)).toMatchObject([{ name: 'dax0.0' }, { name: 'h' }, { name: 'dax0.0' }]);
  expect([answer.devices, answer.cut]).toEqual([[{ name: 'dax1.0' }], { skipped: LISTED_ROWS_MAX + 2 }]);
});

test('[CUT5] what was refused is no longer counted in a list that is cut, shown or not', () => {
  const lists = { devices: devices(LISTED_ROWS_MAX), host_objects: regions(LISTED_ROWS_MAX), skipped: [] };
  const cut = { devices: 20_000, host_objects: 30_000, absent: 40_000 };
  const answer = answerTo({ ...lists, cut }, [
    leftOut('dax_device', 'dax1.0', WHY),
    leftOut('dax_device', 'dax15000.0', WHY),
    leftOut('dax_device', 'dax2.0', { ...WHY, reason: 'overlap' }),
    leftOut('cxl_region', 'region0', WHY),
    leftOut('memdev', 'mem0', WHY),
  ]);
  expect(answer.cut).toEqual({ devices: 19_998, host_objects: 29_998, absent: 40_000 });
  expect([answer.devices.length, answer.host_objects.length]).toEqual([
    LISTED_ROWS_MAX - 1,
    LISTED_ROWS_MAX - 1,
  ]);
});

test('[CUT5] where all lists are whole nothing is said of them', () => {
  const answer = answerTo({ devices: devices(1), host_objects: [], skipped: [] }, [
    leftOut('host', 'h', WHY),
  ]);
  expect(answer).not.toHaveProperty('cut');
});
