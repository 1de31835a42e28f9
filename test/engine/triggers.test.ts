import { describe, expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { deviceOf } from '../../src/engine/model/lookup.ts';
import { runs } from '../../src/engine/model/mapping_table.ts';
import type { Hazard } from '../../src/engine/model/removal.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import {
  KERNEL_NAMES,
  type AccessKind,
  type KernelName,
  type MappingVerb,
} from '../../src/engine/model/vocabulary.ts';
import { dangersOf } from '../../src/engine/removal/hazards.ts';
import { mounted, rmapbt, type Rig } from './rig.ts';
import {
  access,
  accessCommand,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  MIB,
  mountOf,
  outcomeOf,
  PIPE,
  removeDevice,
  steadyContext,
  type Machine,
  type Mapper,
  type MapperOptions,
} from './support.ts';

/** Everything that can be done at a page of a mapping: a verb that is added must be added here. */
const ACCESSES: Readonly<Record<Exclude<MappingVerb, 'munmap' | 'exit'>, AccessKind>> = {
  load: 'read',
  store: 'write',
  copy_out: 'copy_out',
  msync: 'msync',
  vmsplice: 'vmsplice',
  direct_io: 'direct_io',
  process_vm_readv: 'process_vm_readv',
  ptrace: 'ptrace',
  io_uring_register: 'io_uring_register',
  mlock: 'mlock',
  mprotect: 'mprotect',
  madvise_dontneed: 'madvise_dontneed',
  madvise_hwpoison: 'madvise_hwpoison',
  smaps: 'smaps',
  pagemap: 'pagemap',
  numa_maps: 'numa_maps',
};
const VERBS = [...(Object.keys(ACCESSES) as (keyof typeof ACCESSES)[]), 'munmap', 'exit'] as const;

function commandFor(verb: MappingVerb, { pid, mapping }: Mapper, page: number): Command {
  if (verb === 'munmap') return { type: 'munmap', mapping };
  if (verb === 'exit') return { type: 'exit_process', pid };
  return accessCommand(mapping, ACCESSES[verb], { page });
}

interface Case extends MapperOptions {
  readonly fs_type: 'ext4' | 'xfs';
}

const CASES: readonly Case[] = (['ext4', 'xfs'] as const).flatMap((fs_type) =>
  [true, false].flatMap((small): Case[] => [
    { fs_type, small, flags: ['shared'], touched: 'read', prot: 'rw' },
    { fs_type, small, flags: ['shared'], touched: 'write', prot: 'rw' },
    { fs_type, small, flags: ['shared'], touched: 'read', prot: 'r' },
    { fs_type, small, flags: ['private'], touched: 'read', prot: 'rw' },
    { fs_type, small, flags: ['private'], touched: 'read', prot: 'r' },
    { fs_type, small, flags: ['private'], touched: 'cow', prot: 'rw' },
  ]),
);

function bound(made: Machine, mode: 'fsdax' | 'devdax' | 'raw' | 'system-ram', online = false): void {
  made.run({ type: 'patch_host', auto_online_blocks: online ? 'online_movable' : 'offline' });
  made.run({ type: 'bind', dax_device: DEVICE, mode, tenant: 'b' });
}

function fillRam(made: Machine): void {
  addMapper(made, { dax_device: DEVICE, flags: ['private'], length: 64 * MIB, touched: 'write' });
}

/** What has become of the device since its removal. */
const SINCE: Readonly<Record<string, (rig: Rig) => void>> = {
  nothing: () => undefined,
  'bound again': ({ made }) => {
    made.run({ type: 'bind', dax_device: DEVICE });
  },
  'bound again, removed again': ({ made }) => {
    made.run({ type: 'bind', dax_device: DEVICE });
    removeDevice(made);
  },
  'a new file system': ({ made, mount }) => {
    bound(made, 'fsdax');
    const fs_type = mountOf(made, mount).fs_type === 'xfs' ? 'ext4' : 'xfs';
    addMount(made, { path: '/mnt/b', fs_type });
  },
  devdax: ({ made }) => {
    bound(made, 'devdax');
  },
  raw: ({ made }) => {
    bound(made, 'raw');
  },
  'system RAM, in use': ({ made }) => {
    bound(made, 'system-ram', true);
    fillRam(made);
  },
  'system RAM, leaked': ({ made }) => {
    bound(made, 'system-ram', true);
    fillRam(made);
    removeDevice(made);
  },
  'system RAM, taken away again': ({ made }) => {
    bound(made, 'system-ram');
    removeDevice(made);
  },
};

function mapped(kernel: KernelName, { fs_type, ...options }: Case): { rig: Rig; mapper: Mapper } {
  const rig = mounted(kernel, { device: { size: 256 * MIB }, mount: { fs_type } });
  return { rig, mapper: rig.mapper(options) };
}

/** What is announced now, whoever asks. */
function announced({ host }: Machine): Hazard[] {
  return dangersOf(host, { steps: [] }, deviceOf(host, DEVICE));
}

function triggers(hazards: readonly Hazard[], kind: Hazard['kind']): string[] {
  return hazards.filter((hazard) => hazard.kind === kind).flatMap(({ triggered_by }) => triggered_by);
}

type Met = Readonly<Record<'stale' | 'kernel_oops' | 'livelock' | 'unknown', MappingVerb[]>>;

/** What each verb, tried at the first page of each run, really does; the host stays as it is. */
function acted({ host }: Machine, mapper: Mapper): Met {
  const met: Met = { stale: [], kernel_oops: [], livelock: [], unknown: [] };
  for (const verb of VERBS) {
    for (const { index } of runs(entriesOf(host, mapper.mapping))) {
      const decision = decide(host, commandFor(verb, mapper, index), steadyContext());
      if (isRefusal(decision)) {
        if (decision.code === 'outcome_unknown') met.unknown.push(verb);
        continue;
      }
      const { result, stale } = outcomeOf(decision.answer);
      if (result === 'kernel_oops' || result === 'livelock') met[result].push(verb);
      if (result === 'ok' && stale && (verb === 'load' || verb === 'store')) met.stale.push(verb);
    }
  }
  return met;
}

/** [HZ2] Both ways: nothing is announced that does not happen, and nothing happens that is not. */
function expectAgreement(made: Machine, mapper: Mapper): Met {
  const hazards = announced(made).filter(({ mapping }) => mapping === mapper.mapping);
  const met = acted(made, mapper);
  expect(new Set(triggers(hazards, 'stale_mapping'))).toEqual(new Set(met.stale));
  expect(new Set(triggers(hazards, 'kernel_oops'))).toEqual(new Set(met.kernel_oops));
  expect(new Set(triggers(hazards, 'gup_livelock'))).toEqual(new Set(met.livelock));
  expect(
    triggers(hazards, 'kernel_oops').filter((verb) => met.unknown.includes(verb as MappingVerb)),
  ).toEqual([]);
  return met;
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each(Object.keys(SINCE))(
    '[HZ2] a hazard names what sets it off, and nothing else; since: %s',
    (since) => {
      for (const options of CASES) {
        const { rig, mapper } = mapped(kernel, options);
        removeDevice(rig.made);
        SINCE[since]!(rig);
        expectAgreement(rig.made, mapper);
      }
    },
  );

  test('[HZ2] a mapping of two sizes of entry, one by one', () => {
    for (const since of Object.keys(SINCE)) {
      const { rig } = mapped(kernel, { fs_type: 'ext4', small: true });
      const mapper = rig.mapper({ length: 4 * MIB, touched: 'none' });
      access(rig.made, mapper.mapping, 'read', { pages: 1024 });
      removeDevice(rig.made);
      SINCE[since]!(rig);
      expectAgreement(rig.made, mapper);
    }
  });
});

test('[HZ3] a removal that never ends: no struct page is gone, and nothing oopses', () => {
  const { made, mapper } = rmapbt('v7.3', 0, 4);
  const pinner = mapper();
  addPin(made, pinner, PIPE);
  const { state, hazards } = removeDevice(made);
  const told = (kind: Hazard['kind']) => triggers(hazards, kind);
  expect([state, told('kernel_oops'), told('pin_outlives_pgmap')]).toEqual(['stuck', [], []]);
  expect(acted(made, pinner).kernel_oops).toEqual([]);
});

test('[HZ2] the cases meet something: on v7.3 all that walks to an entry oopses, on v6.12 gup spins', () => {
  const [last, spinning] = (['v7.3', 'v6.12'] as const).map((kernel) => {
    const { rig, mapper } = mapped(kernel, CASES[0]!);
    removeDevice(rig.made);
    return expectAgreement(rig.made, mapper);
  });
  expect(last!.kernel_oops).toContain('madvise_dontneed');
  expect(last!.kernel_oops).toHaveLength(13);
  expect(new Set(spinning!.livelock).size).toBe(5);
});
