import { syncSuperblock } from '../fs/sync.ts';
import { faultIn } from '../mm/fault.ts';
import type { DaxDevice, Mapping, Mount } from '../model/host.ts';
import { deviceOf, fileOf, mappingsOfDevice, processOf, virtualAddress } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { waitToStore } from '../mm/freeze.ts';
import { endProcess } from '../mm/process_end.ts';
import { survivesSigbus } from '../mm/signals.ts';
import { entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { SignalRow } from '../model/removal.ts';

/** A process that stores without pause, and the pages it stores to: those its entries map at that moment. */
export interface StoringLoop {
  readonly mapping: Mapping;
  readonly touched: readonly Run[];
}

/** The loops on a device; taken before a step that zaps their entries, for they do not stop with these. */
export function storingLoops(tx: Transaction, device: DaxDevice): StoringLoop[] {
  return mappingsOfDevice(tx.host, device.name)
    .filter(({ activity }) => activity === 'storing')
    .map((mapping) => ({
      mapping,
      touched: [...runs(entriesOf(tx.host, mapping.id))].filter(({ kind }) => kind === 'dax'),
    }));
}

/** Those of them that store into files of one superblock. */
export function storingLoopsOn(tx: Transaction, mount: Mount): StoringLoop[] {
  return storingLoops(tx, deviceOf(tx.host, mount.dax_device)).filter(
    ({ mapping: { file } }) => file !== null && fileOf(tx.host, file).file_system === mount.file_system,
  );
}

/** sync_filesystem() under those that store without pause: they go on once what follows it is done. */
export function syncWhileStoring<Done>(tx: Transaction, mount: Mount, then: () => Done): Done {
  const loops = storingLoopsOn(tx, mount);
  syncSuperblock(tx, mount);
  const done = then();
  storeAgain(tx, loops);
  return done;
}

/**
 * Every loop stores once more. Where DAX is still alive its entries become writable again, for good (A12); where it
 * is dead the store gets SIGBUS and the loop ends (R158); on a frozen file system it waits (R54).
 */
export function storeAgain(tx: Transaction, loops: readonly StoringLoop[]): SignalRow[] {
  return loops.flatMap((loop) => storeOn(tx, loop));
}

function storeOn(tx: Transaction, { mapping, touched }: StoringLoop): SignalRow[] {
  const process = processOf(tx.host, mapping.pid);
  if (process.state !== 'running' || mapping.prot === 'r') return [];
  for (const run of touched) {
    const { failure } = faultIn(tx, mapping, { index: run.index, nr: run.nr_pages }, true);
    if (failure?.why === 'blocked') {
      waitToStore(tx, mapping, run.index * PAGE_BYTES, run.nr_pages * PAGE_BYTES);
      return [];
    }
    if (failure?.why !== 'sigbus') continue;
    patch(tx, 'mappings', mapping.id, { activity: 'idle' });
    const killed = !survivesSigbus(process, true);
    if (killed) endProcess(tx, process.pid, { killed_by: 'SIGBUS' });
    const si_addr = `0x${virtualAddress(mapping, failure.index * PAGE_BYTES).toString(16)}`;
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
