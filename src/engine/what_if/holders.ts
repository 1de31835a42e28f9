import type { Answer } from '../answer.ts';
import { blastRadius } from '../blast_radius.ts';
import type { Host, MemoryRange } from '../host.ts';
import { firstBlock } from '../kmem/blocks.ts';
import { findDevice } from '../lookup.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { mappedPfns } from '../removal/report.ts';
import type { Transaction } from '../transaction.ts';
import { consequenceOf, type Use } from './consequence.ts';
import { runRemoval, whatIf } from './what_if.ts';

/** Runs the removal that would run now, asks what became of everyone, and puts the host back. */
export function surveyHolders(tx: Transaction, name: string): Answer | Refusal {
  const device = findDevice(tx.host, name);
  if (isRefusal(device)) return device;
  const uses = listUses(tx.host, name);
  const blast_radius = blastRadius(tx.host, device, mappedPfns(tx.host, device));
  return whatIf(tx, (own) => {
    const removal = runRemoval(own, { type: 'remove_dax_device', dax_device: name, trigger: 'unbind' });
    if (isRefusal(removal)) return removal;
    const items = uses.map((use) => ({ ...use, ...consequenceOf(own, use, removal) }));
    return { survey: { items, holders: device.holders, told_at: device.told_at, blast_radius } };
  });
}

function listUses(host: Host, name: string): Use[] {
  const { mounts, files, mappings, pins, memory_ranges } = host.tables;
  const on = <T extends { readonly dax_device: string }>(records: Map<string, T>) =>
    [...records.values()].filter((record) => record.dax_device === name);
  const maps = on(mappings);
  const pids = new Set([...maps, ...on(pins)].map(({ pid }) => pid));
  return [
    ...on(mounts).map(({ id }): Use => ({ kind: 'mount', id, pid: null })),
    ...on(files).map(({ id }): Use => ({ kind: 'file', id, pid: null })),
    ...[...pids].map((pid): Use => ({ kind: 'process', id: String(pid), pid })),
    ...maps.map(({ id, pid }): Use => ({ kind: 'mapping', id, pid })),
    ...on(pins).map(({ id, pid }): Use => ({ kind: 'pin', id, pid })),
    ...on(memory_ranges).flatMap(blocksOf),
  ];
}

/** Memory blocks by the kernel's numbers, neighbours that are alike as one: `memory32-memory39`. */
function blocksOf(range: MemoryRange): Use[] {
  const start = firstBlock(range);
  return range.blocks.map(({ first, nr_blocks }): Use => {
    const [from, to] = [start + first, start + first + nr_blocks - 1];
    const id = from === to ? `memory${String(from)}` : `memory${String(from)}-memory${String(to)}`;
    return { kind: 'memory_block', id, pid: null };
  });
}
