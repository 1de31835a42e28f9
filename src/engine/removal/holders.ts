import type { Answer } from '../answer.ts';
import type { Holder } from '../holder.ts';
import type { Host } from '../host.ts';
import { findDevice, must } from '../lookup.ts';
import { runs } from '../mapping_table.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { entriesOf, rollback, type Transaction } from '../transaction.ts';
import { advance } from './advance.ts';
import type { RemovalRecord } from './record.ts';
import { removeDaxDevice } from './start.ts';

/** Runs the removal that would run now, looks at what is left, and puts the host back. */
export function surveyHolders(tx: Transaction, name: string): Answer | Refusal {
  const device = findDevice(tx.host, name);
  if (isRefusal(device)) return device;
  const before = listUses(tx.host, name);
  const started = removeDaxDevice(tx, { type: 'remove_dax_device', dax_device: name, trigger: 'unbind' });
  const removal = isRefusal(started) ? null : runToEnd(tx, started.id);
  const holders = before.map((use) => ({ ...use, ...consequenceOf(tx.host, use, removal) }));
  rollback(tx);
  tx.events.length = 0;
  tx.pending = [];
  return isRefusal(started) ? started : { holders };
}

function runToEnd(tx: Transaction, id: string): RemovalRecord {
  const current = () => must(tx.host.tables.removals.get(id), `removal ${id}`);
  while (current().state === 'running') advance(tx, id);
  return current();
}

type Use = Pick<Holder, 'kind' | 'id' | 'pid'>;

function listUses(host: Host, name: string): Use[] {
  const { mounts, files, mappings, pins } = host.tables;
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
  ];
}

function consequenceOf(
  host: Host,
  use: Use,
  removal: RemovalRecord | null,
): Pick<Holder, 'consequence' | 'detail'> {
  switch (use.kind) {
    case 'mount':
    case 'file':
      return { consequence: 'forced', detail: 'the device is gone under the file system' };
    case 'process':
      return host.tables.processes.get(use.id)?.state === 'dead'
        ? { consequence: 'killed', detail: 'SIGBUS of the mass memory_failure()' }
        : {
            consequence: 'survives',
            detail: 'lives on; its next touch of a page that is not mapped gets SIGBUS',
          };
    case 'mapping':
      return [...runs(entriesOf(host, use.id))].some((run) => run.kind === 'dax')
        ? { consequence: 'survives', detail: 'its entries stay and still reach the pfns' }
        : { consequence: 'forced', detail: 'no entry to the device is left' };
    case 'pin':
      return removal?.waiting_on.some((wait) => wait.pin === use.id) === true
        ? { consequence: 'blocks', detail: 'the removal waits until it is dropped' }
        : { consequence: 'survives', detail: 'it outlives its pgmap' };
  }
}
