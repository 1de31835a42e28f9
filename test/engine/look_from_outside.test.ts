import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/engine/handle.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { hostRecord } from '../../src/engine/model/transaction.ts';
import type { AccessKind, KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, type Rig } from './rig.ts';
import {
  accessCommand,
  addPin,
  addProcess,
  outcomeOf,
  processOf,
  removeDevice,
  type Machine,
  type Mapper,
} from './support.ts';

interface Stale extends Rig {
  readonly victim: Mapper;
}

function stale(kernel: KernelName, small: boolean): Stale {
  const rig = ext4(kernel);
  const victim = rig.mapper({ small });
  return { ...rig, victim };
}

function look(made: Machine, { mapping }: Mapper, kind: AccessKind, by_pid?: number): Decision | Refusal {
  const command = accessCommand(mapping, kind);
  return made.try(by_pid === undefined ? command : ({ ...command, by_pid } as typeof command));
}

function outcome(decision: Decision | Refusal) {
  if (isRefusal(decision)) throw new Error(decision.detail);
  return outcomeOf(decision.answer);
}

const SPIN_ON = ['v5.10', 'v6.1', 'v6.12'] as const;
const LOOKS = ['process_vm_readv', 'ptrace', 'smaps', 'pagemap', 'numa_maps'] as const;

describe.each(SPIN_ON)('%s', (kernel) => {
  test.each(['process_vm_readv', 'ptrace'] as const)(
    '[LK1] %s of a stale PTE: the caller spins until SIGKILL, the process lives on',
    (kind) => {
      const { made, victim } = stale(kernel, true);
      removeDevice(made);
      const looker = addProcess(made);
      const seen = outcome(look(made, victim, kind, looker));
      expect([seen.result, seen.livelocked, seen.process_alive]).toEqual(['livelock', 'caller', true]);
      expect([looker, victim.pid].map((pid) => processOf(made, pid).state)).toEqual([
        'livelocked',
        'running',
      ]);
      made.run({ type: 'exit_process', pid: looker });
      expect([looker, victim.pid].map((pid) => processOf(made, pid).state)).toEqual(['dead', 'running']);
      expect(hostRecord(made.host).health).toBe('livelocked');
    },
  );
});

test('[LK1] somebody whom the host does not have spins, and the host says so', () => {
  const { made, victim } = stale('v6.1', true);
  removeDevice(made);
  expect(outcome(look(made, victim, 'ptrace')).livelocked).toBe('caller');
  expect([processOf(made, victim.pid).state, hostRecord(made.host).health]).toEqual([
    'running',
    'livelocked',
  ]);
  // It is one of many: the health of a host that oopsed stays.
  expect(outcome(look(made, victim, 'ptrace')).livelocked).toBe('caller');
});

test('[LK1] who looks into itself is the one that spins, as with any gup of its own', () => {
  for (const kind of ['process_vm_readv', 'vmsplice'] as const) {
    const { made, victim } = stale('v6.12', true);
    removeDevice(made);
    const seen = outcome(look(made, victim, kind, victim.pid));
    expect([kind, seen.livelocked, processOf(made, victim.pid).state]).toEqual([
      kind,
      'process',
      'livelocked',
    ]);
  }
});

test.each(LOOKS)('[LK2] %s on v7.3: the oops kills who looks, the process lives on', (kind) => {
  const { made, victim } = stale('v7.3', false);
  removeDevice(made);
  const looker = addProcess(made);
  const seen = outcome(look(made, victim, kind, looker));
  expect([seen.result, seen.process_alive, seen.end]).toEqual(['kernel_oops', true, null]);
  expect(seen.kernel_oopses.map(({ task }) => task)).toEqual(['caller']);
  expect([looker, victim.pid].map((pid) => processOf(made, pid).state)).toEqual(['dead', 'running']);
});

test('[LK2] who dies of it has a stale mapping too: its exit oopses again', () => {
  const { made, victim, mapper } = stale('v7.3', false);
  const looker = mapper();
  removeDevice(made);
  const seen = outcome(look(made, victim, 'smaps', looker.pid));
  expect(seen.kernel_oopses.map(({ task }) => task)).toEqual(['caller', 'caller']);
  expect(processOf(made, looker.pid).state).toBe('oopsed');
});

test('[LK2] who dies of it has a pin whose release nobody described: refused', () => {
  const { made, victim, mapper } = stale('v7.3', false);
  const looker = mapper();
  addPin(made, looker, { kind: 'transient', holder: 'other' });
  made.run({ type: 'munmap', mapping: looker.mapping });
  removeDevice(made);
  expect(look(made, victim, 'smaps', looker.pid)).toMatchObject({ code: 'outcome_unknown' });
});

test('[LK3] only what another process can do has another caller, and it must be there', () => {
  const { made, victim } = stale('v6.1', false);
  const other = addProcess(made);
  expect(look(made, victim, 'read', other)).toMatchObject({ code: 'invalid_field', pointer: '/by_pid' });
  expect(outcome(look(made, victim, 'read', victim.pid)).result).toBe('ok');
  expect(look(made, victim, 'ptrace', 999)).toMatchObject({ code: 'process_not_found', pointer: '/by_pid' });
  expect(outcome(look(made, victim, 'ptrace', other)).result).toBe('ok');
});
