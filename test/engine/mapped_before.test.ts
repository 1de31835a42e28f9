import { expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { mappedBefore } from '../../src/engine/model/mapped_before.ts';
import { mappedPfns } from '../../src/engine/model/mapped.ts';
import { pagesIn } from '../../src/engine/model/pfn_set.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { compare } from './imagine.ts';
import { ext4 } from './rig.ts';
import {
  addPin,
  addProcess,
  DEVICE,
  found,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
  returned,
  type Machine,
  type Mapper,
} from './support.ts';

const MANY = 103;

interface Mapped {
  readonly made: Machine;
  /** A mapping of each page, in order. */
  readonly mappers: readonly Mapper[];
}

/** Every other page of a file mapped, so many, by one process. */
function mapped(kernel: KernelName = 'v5.10', ranges = MANY): Mapped {
  const { made, file } = ext4(kernel);
  const id = file('/many', 4 * MIB);
  const pid = addProcess(made);
  const mappers = Array.from({ length: ranges }, (_, at) => {
    const how = { flags: ['shared'], prot: 'rw', page_size: 4096, populate: 'read' } as const;
    const where = { pid, file: id, offset: 2 * at * PAGE, length: PAGE };
    return { pid, mapping: returned(made.run({ type: 'create_mapping', ...where, ...how })).id };
  });
  return { made, mappers };
}

function stored({ host }: Machine, { id }: RemovalRecord): RemovalRecord {
  return found(host.tables.removals.get(id));
}

/** Whatever runs goes on until it rests. */
function runOn(made: Machine): void {
  const running = (): RemovalRecord | undefined =>
    [...made.host.tables.removals.values()].find(({ state }) => state === 'running');
  for (let next = running(); next !== undefined; next = running())
    made.run({ type: 'advance_removal', removal: next.id });
}

function mustBeReplayed({ events, host }: Machine): void {
  expect(structuredClone(events).reduce(apply, emptyHost())).toEqual(host);
}

test('[CUT1] of what was mapped the record has 100 ranges and their number, and all is kept while it goes on', () => {
  const { made, mappers } = mapped();
  const pin = addPin(made, found(mappers[0]), PIPE);
  const removal = removeDevice(made);
  expect(removal).toMatchObject({ state: 'waiting', cut: { mapped_before: MANY } });
  expect(removal.mapped_before).toHaveLength(100);
  expect(removal.report.pages.mapped).toBe(MANY);
  expect(pagesIn(mappedBefore(made.host, removal))).toBe(MANY);
  mustBeReplayed(made);
  made.run({ type: 'munmap', mapping: found(mappers[1]).mapping });
  made.run({ type: 'unpin', pin });
  runOn(made);
  const ended = stored(made, removal);
  expect(ended).toMatchObject({ state: 'completed', cut: { mapped_before: MANY } });
  expect(ended.report.pages).toMatchObject({ mapped: MANY, unmapped: 1, still_mapped: MANY - 1 });
  expect(made.host.mapped_before.size).toBe(0);
  mustBeReplayed(made);
});

test('one whose record tells all of it keeps nothing beside it', () => {
  const { made, mappers } = mapped('v5.10', 100);
  addPin(made, found(mappers[0]), PIPE);
  const removal = removeDevice(made);
  expect(removal).toMatchObject({ state: 'waiting' });
  expect(removal).not.toHaveProperty('cut');
  expect(made.host.mapped_before.size).toBe(0);
  const device = found(made.host.tables.dax_devices.get(DEVICE));
  expect(mappedBefore(made.host, removal)).toEqual(mappedPfns(made.host, device));
});

test('what is only imagined leaves nothing, and a comparison has no list of what was mapped', () => {
  const { made } = mapped('v6.12');
  const [compared] = compare(made, { kernels: ['v6.12'] }).items;
  expect(compared).toMatchObject({ refused: null, cut: { hazards: expect.any(Number) as number } });
  expect(compared).not.toHaveProperty('cut.mapped_before');
  expect(made.host.mapped_before.size).toBe(0);
});

test('a write to unbind that waits behind another begins with what is mapped then', () => {
  const { made, mappers } = mapped();
  const pin = addPin(made, found(mappers[0]), PIPE);
  removeDevice(made);
  const behind = made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  expect(behind).toMatchObject({ state: 'waiting', cut: { mapped_before: MANY } });
  expect(made.host.mapped_before.size).toBe(2);
  for (const { mapping } of mappers.slice(1)) made.run({ type: 'munmap', mapping });
  made.run({ type: 'unpin', pin });
  runOn(made);
  const ended = stored(made, behind);
  expect(ended).toMatchObject({ state: 'completed' });
  expect(ended.cut?.mapped_before).toBeUndefined();
  expect(ended.mapped_before.length).toBeLessThanOrEqual(1);
  expect(made.host.mapped_before.size).toBe(0);
  mustBeReplayed(made);
});

test('a reboot forgets it, and so does the end of its host', () => {
  const { made, mappers } = mapped();
  addPin(made, found(mappers[0]), PIPE);
  const removal = removeDevice(made);
  made.run({ type: 'reboot' });
  expect(made.host.mapped_before.size).toBe(0);
  expect(stored(made, removal).report.pages).toMatchObject({ mapped: MANY, unmapped: MANY });
  made.run({ type: 'delete_host' });
  mustBeReplayed(made);
});
