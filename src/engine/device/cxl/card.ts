import { factsOf } from '../../kernels/of_host.ts';
import type { CxlMemdev } from '../../model/cxl.ts';
import { remove, put, identity, emit, type Transaction } from '../../model/transaction.ts';
import { freeMemdev, nmemOf } from './names.ts';

/**
 * The PCI function is probed again: its memdev gets the next number or the old one (M154), and a driver unless
 * its decoder is committed with zero size. `fields`: what another card in the slot brings.
 * Source: drivers/cxl/core/memdev.c devm_cxl_add_memdev().
 */
export function returnMemdev(tx: Transaction, before: CxlMemdev, fields: Partial<CxlMemdev>): CxlMemdev {
  const next = { ...before, ...fields };
  const name = factsOf(tx.host).cxl.memdev_on_return === 'next_number' ? freeMemdev(tx) : before.name;
  if (name !== before.name) remove(tx, 'cxl_memdevs', before.name);
  const enabled = !next.committed_with_zero_size;
  const record = put(tx, 'cxl_memdevs', name, {
    ...next,
    ...identity(tx),
    id: name,
    name,
    state: enabled ? 'enabled' : 'disabled',
    nmem: enabled ? nmemOf({ ...next, name }) : null,
  });
  emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${name}`, { before: before.name, state: record.state });
  return record;
}
