import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Mapping } from '../../src/engine/model/host.ts';
import { mappingsOfPid } from '../../src/engine/model/lookup.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { anyFork, play } from './fleet.ts';
import { copyPageRange, meetsLostPage, pageTable } from './fleet/forks.ts';
import { answered, OLD, shape, SIGBUS, touch } from './observe.ts';
import { ext4, mounted, type Rig } from './rig.ts';
import {
  DEVICE,
  fork,
  found,
  MIB,
  removeDevice,
  settle,
  type Mapper,
  type MapperOptions,
} from './support.ts';
import { cases } from '../support/property.ts';

const KERNELS = ['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const;
const BEFORE_PAGES = ['v5.10', 'force-unmap-v5.10', 'force-unmap-v5.12', 'v6.1', 'v6.12'] as const;
const UNBIND = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
const BIND = { type: 'bind', dax_device: DEVICE } as const;

interface Forks extends Rig {
  readonly one: Mapper;
}

const child = ({ one }: Forks): Command => ({ type: 'create_process', comm: 'child', parent_pid: one.pid });

/** A process whose private mapping has copied its first page. */
function copied(kernel: KernelName, options: MapperOptions = {}): Forks {
  const rig = ext4(kernel);
  return { ...rig, one: rig.mapper({ flags: ['private'], touched: 'cow', ...options }) };
}

describe('[FORK1] a fork of who maps stale entries privately', () => {
  test.each(BEFORE_PAGES)('%s: the PTEs are copied, the child reads by them', (kernel) => {
    const rig = copied(kernel);
    removeDevice(rig.made);
    const own = fork(rig.made, rig.one.pid);
    expect([shape(rig.made, own), touch(rig.made, own, 'read', { page: 9 })]).toEqual([
      '511 pte 1 anon',
      OLD,
    ]);
  });

  test('v7.3: refused, and so where their pages have struct pages again', () => {
    const rig = copied('v7.3');
    expect(answered(rig.made, child(rig))).toBe('ok');
    removeDevice(rig.made);
    expect(answered(rig.made, child(rig))).toBe('outcome_unknown');
    rig.made.run(BIND);
    expect(answered(rig.made, child(rig))).toBe('outcome_unknown');
  });

  test('v7.3: of a pgmap that is being killed the pages are still there', () => {
    const rig = copied('v7.3');
    rig.made.run(UNBIND);
    const device = () => found(rig.made.host.tables.dax_devices.get(DEVICE));
    const removal = found(device().removal ?? undefined);
    while (device().pgmap_state === 'live') rig.made.run({ type: 'advance_removal', removal });
    expect(device().pgmap_state).toBe('killed');
    const own = fork(rig.made, rig.one.pid);
    expect(shape(rig.made, own)).toBe('511 pte 1 anon');
    expect(settle(rig.made).state).toBe('completed');
  });

  test.each(KERNELS)('%s: copies alone, and a PMD, are none of them', (kernel) => {
    const rig = copied(kernel, { length: 4 * MIB, touched: 'none' });
    touch(rig.made, rig.one, 'read', { page: 512 });
    touch(rig.made, rig.one, 'write');
    removeDevice(rig.made);
    const own = fork(rig.made, rig.one.pid);
    expect([shape(rig.made, rig.one), shape(rig.made, own)]).toEqual(['1 pmd 1 anon', '1 anon']);
    expect(touch(rig.made, own, 'read', { page: 512 })).toBe(SIGBUS);
  });

  test('v7.3: without a copied page, or shared, nothing is copied', () => {
    const rig = ext4('v7.3');
    const [clean, shared] = [
      rig.mapper({ flags: ['private'], small: true }),
      rig.mapper({ small: true, touched: 'write' }),
    ];
    removeDevice(rig.made);
    for (const { pid } of [clean, shared]) expect(shape(rig.made, fork(rig.made, pid))).toBe('none');
  });

  test('v7.3: a page-cache file is no device', () => {
    const rig = mounted('v7.3', { mount: { dax: 'never' } });
    const one = rig.mapper({ flags: ['private'], touched: 'cow' });
    removeDevice(rig.made);
    expect(shape(rig.made, fork(rig.made, one.pid))).toBe('511 pte 1 anon');
  });

  test('a pid that there is is refused before it', () => {
    const rig = copied('v7.3');
    removeDevice(rig.made);
    expect(answered(rig.made, { ...child(rig), pid: rig.one.pid } as Command)).toBe('process_exists');
  });
});

test('[A8] [R7] [FORK1] a child has what a copy page by page gives it', () => {
  const met = new Map<string, number>();
  const meet = (what: string): void => {
    met.set(what, (met.get(what) ?? 0) + 1);
  };
  fc.assert(
    fc.property(anyFork, (story) => {
      let parents: readonly Mapping[] = [];
      let tables: readonly unknown[] = [];
      let isLost = false;
      play(
        story,
        () => undefined,
        ({ host }, command) => {
          if (command.type !== 'create_process' || command.parent_pid === undefined) return;
          parents = mappingsOfPid(host, command.parent_pid);
          tables = parents.map((mapping) => copyPageRange(host, mapping));
          isLost = parents.some((mapping) => meetsLostPage(host, mapping));
          const of_file = parents.filter(({ anonymous }) => !anonymous);
          const sizes = of_file.map(
            ({ id }) => new Set([...pageTable(host, id).values()].map(({ size }) => size)),
          );
          if (of_file.some((one, at) => copyPageRange(host, one).size > 0 && sizes[at]!.has('2 MiB')))
            meet('a PMD left out');
          if (of_file.some((one) => copyPageRange(host, one).size > 0)) meet('PTEs copied');
        },
        ({ host }, command, decision) => {
          if (command.type !== 'create_process' || command.parent_pid === undefined) return;
          const refused = isRefusal(decision) ? decision.code : 'none';
          expect(refused).toBe(isLost ? 'outcome_unknown' : 'none');
          meet(isLost ? 'refused' : 'forked');
          if (isRefusal(decision)) return;
          const own = [...host.tables.processes.values()].at(-1)!;
          expect(mappingsOfPid(host, own.pid).map(({ id }) => pageTable(host, id))).toEqual(tables);
        },
      );
    }),
    cases(150),
  );
  for (const what of ['a PMD left out', 'PTEs copied', 'refused', 'forked'])
    expect([what, met.get(what)]).toEqual([what, expect.any(Number)]);
});
