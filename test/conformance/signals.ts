import { offsetIn, signalWords, text } from './answer.ts';
import type { Signal } from './recording.ts';
import { idOf } from './step.ts';
import type { Body, Check, Reply, World } from './step.ts';

/**
 * Signals that came by themselves. A pending SIGBUS swallows the next, so fewer arrive than are sent: compared are the
 * first of them, the kinds of all, and that no more arrived than were sent.
 */
export function signalChecks(name: string, signals: readonly Signal[], total: number): Check[] {
  const sent = signals.filter(({ delivery }) => delivery === 'asynchronous');
  // Pages are killed in ascending order; a handler that was interrupted by the next one is noted after it.
  const [first] = sent.toSorted((a, b) => (a.si_addr_offset ?? 0) - (b.si_addr_offset ?? 0));
  const { si_addr_offset: offset = null, si_addr_lsb: lsb = null } = first ?? {};
  return [
    {
      name: `${name} signal at rest`,
      class: 'core',
      expected: first === undefined ? 'none' : signalWords(first.signal, first.si_code, offset, lsb),
      actual: (_reply, world) => firstSent(world, name),
    },
    {
      name: `${name} kinds of signal at rest`,
      class: 'core',
      expected: kinds(sent),
      actual: (_reply, world) => kinds(rowsOf(world, name)),
    },
    {
      name: `${name} signals sent`,
      class: 'core',
      expected: total === 0 ? 'none' : `at least ${total}`,
      actual: (_reply, world) => sentWords(world, name, total),
    },
  ];
}

/** Signals that a process has got since it was looked at last: of its own accesses, each with one. */
export function signalOfAccess(reply: Reply, world: World, process: string): string {
  const { result, signal, si_code, si_addr, si_addr_lsb } = reply.body;
  if (result !== 'signal') return 'none';
  const offset = offsetIn(world, process, si_addr);
  return `on-access ${signalWords(text(signal), text(si_code), offset, si_addr_lsb as number | null)}`;
}

function kinds(signals: readonly Body[] | readonly Signal[]): string {
  const words = signals.map(
    ({ signal, si_code, si_addr_lsb }) => `${text(signal)} ${text(si_code)} ${text(si_addr_lsb)}`,
  );
  return [...new Set(words)].sort().join(', ');
}

function rowsOf(world: World, name: string): readonly Body[] {
  const report = world.records.get('removal')?.report as { signals?: readonly Body[] } | undefined;
  const pid = Number(idOf(world, `pid:${name}`));
  return (report?.signals ?? []).filter((row) => row.pid === pid);
}

function firstSent(world: World, name: string): string {
  const [row] = rowsOf(world, name);
  if (row === undefined) return 'none';
  const offset = offsetIn(world, name, row.si_addr);
  return signalWords(text(row.signal), text(row.si_code), offset, row.si_addr_lsb as number | null);
}

function sentWords(world: World, name: string, total: number): string {
  const sent = rowsOf(world, name).reduce((sum, { count }) => sum + Number(count), 0);
  if (sent === 0) return 'none';
  return total > 0 && sent >= total ? `at least ${total}` : `${sent}`;
}
