import type { DaxDevice } from '../model/host.ts';
import type { PatchDaxDevice } from '../model/device_command.ts';
import { writeKmemState } from '../device/kmem/state_attr.ts';
import { toldNow, NOT_TOLD } from '../device/told.ts';
import { definedOnly } from '../model/defined_only.ts';
import { findDevice } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';

/** Changes what only the operator knows. A new tenant of a live device is a matter of bind, not of this. */
export function patchDaxDevice(tx: Transaction, command: PatchDaxDevice): DaxDevice | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const { type: _type, dax_device: _name, kmem_state, holders, ...fields } = command;
  const refusal = kmem_state === undefined ? null : writeKmemState(tx, device, kmem_state);
  if (refusal !== null) return { ...refusal, pointer: '/kmem_state' };
  const told = holders === undefined ? {} : holders === 'told' ? toldNow(tx.context) : NOT_TOLD;
  const record = patch(tx, 'dax_devices', device.name, { ...definedOnly(fields), ...told });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { ...fields, kmem_state, holders });
  return record;
}
