import { touch } from '../fault.ts';
import type { Mapping } from '../host.ts';
import { runs } from '../mapping_table.ts';
import { endProcess, processOf, survivesSigbus } from '../process_end.ts';
import { emit, entriesOf, patch, type Transaction } from '../transaction.ts';
import { PAGE_BYTES } from '../vocabulary.ts';
import type { SignalRow } from './record.ts';

/**
 * A process with `activity: storing` stores into its touched pages once more. Where DAX is still alive its
 * entries become writable again, for good (A6 c); where it is dead the store gets SIGBUS and the loop ends (R158).
 */
export function storeOn(tx: Transaction, mapping: Mapping, nr_pages: number): SignalRow[] {
  const process = processOf(tx, mapping.pid);
  if (process.state !== 'running') return [];
  const touched = [...runs(entriesOf(tx.host, mapping.id))].filter(
    (run) => run.kind === 'dax' && run.index < nr_pages,
  );
  for (const run of touched) {
    const { failure } = touch(tx, mapping, run.index, run.nr_pages, true);
    emit(tx, 'page_faulted', `mappings/${mapping.id}`, {
      index: run.index,
      nr_pages: run.nr_pages,
      write: true,
    });
    if (failure?.why !== 'sigbus') continue;
    patch(tx, 'mappings', mapping.id, { activity: 'idle' });
    const killed = !survivesSigbus(process, true);
    if (killed) endProcess(tx, process.pid, { killed_by: 'SIGBUS' });
    const si_addr = `0x${(BigInt(mapping.address) + BigInt(failure.index * PAGE_BYTES)).toString(16)}`;
    const { pid, comm } = process;
    return [
      {
        pid,
        comm,
        signal: 'SIGBUS',
        si_code: 'BUS_ADRERR',
        si_addr,
        si_addr_lsb: null,
        count: 1,
        delivery: 'on-access',
        killed,
      },
    ];
  }
  return [];
}
