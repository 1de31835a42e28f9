import type { DaxDevice } from '../model/host.ts';
import type { PatchDaxDevice } from '../model/device_command.ts';
import { writeKmemState } from '../device/kmem/state_attr.ts';
import { toldNow, NOT_TOLD } from '../device/told.ts';
import { definedOnly } from '../model/defined_only.ts';
import { handedOver } from '../device/lifecycle.ts';
import { deviceOf, findDevice, modeUnknown } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';

/** Changes what only the operator knows. Another tenant has the device as it is: what a bind ends goes on (EX14). */
export function patchDaxDevice(tx: Transaction, command: PatchDaxDevice): DaxDevice | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const { type: _type, dax_device: _name, kmem_state, holders, tenant, ...fields } = command;
  const refusal =
    kmem_state === undefined ? null : (modeUnknown(device) ?? writeKmemState(tx, device, kmem_state));
  if (refusal !== null) return { ...refusal, pointer: '/kmem_state' };
  const told = holders === undefined ? {} : holders === 'told' ? toldNow(tx.context) : NOT_TOLD;
  if (tenant !== undefined && tenant !== device.tenant)
    handedOver(tx, deviceOf(tx.host, device.name), tenant);
  const record = patch(tx, 'dax_devices', device.name, { ...definedOnly(fields), ...told });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { ...fields, tenant, kmem_state, holders });
  return record;
}
