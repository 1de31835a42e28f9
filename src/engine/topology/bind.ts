import type { Answer } from '../answer.ts';
import type { Command } from '../command.ts';
import type { DaxDevice } from '../host.ts';
import { factsOf, findDevice } from '../lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../refusal.ts';
import { emit, hostRecord, patch, type Transaction } from '../transaction.ts';
import { defaultAlign, driverOf } from './device.ts';

/** What ndctl leaves behind: sysfs `bind` of the name answers ENODEV until the namespace is enabled again. */
export const NAMESPACE_DISABLED = { type: 'namespace_disabled', detail: 'disabled by ndctl' } as const;

type Bind = Extract<Command, { type: 'bind' }>;

/**
 * Binds a device again, in the mode and under the tenant it had or others (repurpose). 409 with the kernel's
 * errno where it is bound already (R149); `blocked` where the write to `bind` does not return (R145).
 */
export function bind(tx: Transaction, command: Bind): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const facts = factsOf(tx.host);
  const parent = command.driver === 'dax_pmem';
  if (device.state === 'removing') return blocked(tx, device, 'device_lock: the removal holds it');
  if (device.state === 'gone') return kernelRefuses('ENODEV', 'there is no such device');
  if (!device.media_present) return kernelRefuses('ENODEV', 'the medium is gone');
  if (parent ? device.parent_bound : device.state === 'bound') {
    return kernelRefuses(facts.bind_bound_errno, 'the device has a driver');
  }
  const disabled = device.conditions.some((condition) => condition.type === NAMESPACE_DISABLED.type);
  if (disabled && command.driver !== undefined) {
    return kernelRefuses('ENODEV', 'ndctl disabled the namespace: bind without a driver enables it again');
  }
  if (
    !parent &&
    device.mode === 'devdax' &&
    !device.parent_bound &&
    command.mode === undefined &&
    !disabled
  ) {
    return kernelRefuses('ENODEV', 'dax_pmem is not bound: there is no such dax device');
  }
  if (command.mode === 'system-ram' || (command.mode === undefined && device.mode === 'system-ram')) {
    return refuse('not_modelled', 'binding kmem');
  }
  if (facts.after_oops === 'rcu_never_ends' && hostRecord(tx.host).health === 'oopsed') {
    return blocked(tx, device, 'synchronize_rcu_normal');
  }
  return bound(tx, command, device);
}

function blocked(tx: Transaction, device: DaxDevice, blocked_in: string): Answer {
  const others = device.conditions.filter((condition) => condition.type !== 'bind_blocked');
  const record = patch(tx, 'dax_devices', device.name, {
    conditions: [...others, { type: 'bind_blocked', detail: blocked_in }],
  });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { bind_blocked: blocked_in });
  return { record, bind: { result: 'blocked', blocked_in } };
}

/** The probe: a new pgmap over the same pfns; old entries keep their translation. */
function bound(tx: Transaction, command: Bind, device: DaxDevice): Answer | Refusal {
  const mode = command.mode ?? device.mode;
  const driver = driverOf(mode);
  if (command.driver !== undefined && command.driver !== 'dax_pmem' && command.driver !== driver) {
    return refuse('invalid_field', `${command.driver} does not bind a ${mode} device`, {
      pointer: '/driver',
    });
  }
  const tenant = command.tenant === undefined ? device.tenant : command.tenant;
  const repurposed = mode !== device.mode || tenant !== device.tenant;
  const record = patch(tx, 'dax_devices', device.name, {
    mode,
    driver,
    tenant,
    generation: repurposed ? device.generation + 1 : device.generation,
    map: mode === device.mode ? device.map : mode === 'raw' || mode === 'sector' ? null : 'dev',
    align: device.align ?? defaultAlign(mode),
    state: 'bound',
    conditions: [],
    pgmap: device.pgmap + 1,
    pgmap_state: 'live',
    dax_alive: true,
    instance: mode === device.mode ? device.instance : device.instance + 1,
    parent_bound: true,
    mem_region: 'requested',
  });
  emit(tx, 'dax_device_bound', `dax-devices/${device.name}`, { mode, driver, tenant });
  return { record, bind: { result: 'ok', blocked_in: null } };
}
