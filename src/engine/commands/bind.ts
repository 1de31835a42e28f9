import { neverReturns } from '../mm/never_returns.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { Bind, BindTo } from '../model/device_command.ts';
import { regionTypeUnknown } from '../device/cxl/region_type.ts';
import { regionConditions, regionServes } from '../device/cxl/chain.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { addMemory, logOfAdding } from '../device/kmem/add.ts';
import { probeFails } from '../device/kmem/probe.ts';
import { withLeft } from '../device/tell_left.ts';
import { takes } from '../device/dax_match.ts';
import { defaultMode, noNamespaceMode } from '../device/dax_region.ts';
import { hotplugLock, leakedRanges, leakedUnder } from '../model/memory_range.ts';
import { deviceOf, findModelled, type ModelledDevice } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { DAX_MODES, isOnDaxBus, driverOf, type KnownMode } from '../model/vocabulary.ts';
import { has, without } from '../model/conditions.ts';
import {
  BIND_BLOCKED,
  MEDIUM_GONE,
  NAMESPACE_DESTROYED,
  NAMESPACE_DISABLED,
  RANGE_LEAKED,
  SEED_LEFT,
} from '../device/conditions.ts';
import { bound, parentBound } from '../device/lifecycle.ts';
import { queueForLock } from '../device/lock_waiters.ts';
import { toolAfter, toolBefore } from './bind_tool.ts';

const ENABLES_AGAIN = 'ndctl disabled the namespace: bind without a driver enables it again';

/** A device, and what became of the write to `bind`. */
export interface BoundDevice extends Dependent {
  readonly record: DaxDevice;
  readonly bind: {
    readonly result: 'ok' | 'blocked';
    readonly blocked_in: string | null;
    readonly kernel_log: readonly string[];
  };
}

/**
 * Binds a device again, in the mode and under the tenant it had or others (repurpose). Refused where the type of its
 * CXL region is not modelled, for which modes it has depends on that (CX23). 409 with the kernel's
 * errno where it is bound already (R149); `blocked` where the write to `bind` does not return (R145). A tool that is
 * asked (`via`) has a no of its own, may find nothing to bind, and may go on after the bind.
 */
export function bind(tx: Transaction, command: Bind): BoundDevice | Refusal {
  const device = findModelled(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const unknown = regionTypeUnknown(tx.host, device);
  if (unknown !== null) return unknown;
  const before = toolBefore(tx, command, device);
  if (isRefusal(before)) return before;
  const enables = command.via === 'daxctl_enable_device' ? { mode: 'devdax' as const } : {};
  const done =
    before === 'as_asked' ? standing(command, device) : write(tx, { ...command, ...enables }, device);
  if (!isRefusal(done) && done.bind.result === 'ok') toolAfter(tx, command, done.record);
  return done;
}

/** Nothing is written to `bind`: the device stays whose it is. */
function standing({ tenant }: Bind, record: DaxDevice): BoundDevice | Refusal {
  if (tenant !== undefined && tenant !== record.tenant)
    return refuse('invalid_field', 'nothing is bound anew: PATCH the device to hand it over as it is', {
      pointer: '/tenant',
    });
  return { record, bind: { result: 'ok', blocked_in: null, kernel_log: [] } };
}

/** A write to `bind`. */
function write(tx: Transaction, command: Bind, device: ModelledDevice): BoundDevice | Refusal {
  const facts = factsOf(tx.host);
  const parent = command.driver === 'dax_pmem';
  const unmatched = refusesMatch(tx.host, command, device);
  if (unmatched !== null) return unmatched;
  if (device.state === 'removing') return behindUnbind(tx, command, device);
  if (device.state === 'gone') return kernelRefuses('ENODEV', 'there is no such device');
  if (!device.media_present) return kernelRefuses('ENODEV', MEDIUM_GONE);
  if (!regionServes(tx.host, device)) {
    const { type, detail } = regionConditions(tx.host, device)[0]!;
    // cxl_region would have to bind first, whose probe answers ENXIO below CXL_CONFIG_COMMIT.
    return kernelRefuses(type === 'cxl_region_reset' ? 'ENXIO' : 'ENODEV', detail);
  }
  if (parent ? device.parent_bound : device.state === 'bound') {
    return kernelRefuses(facts.bind_bound_errno, 'the device has a driver');
  }
  const disabled = has(device, NAMESPACE_DISABLED);
  if (disabled && command.driver !== undefined) {
    const isSeed = has(device, NAMESPACE_DESTROYED);
    return kernelRefuses('ENODEV', isSeed ? SEED_LEFT : ENABLES_AGAIN);
  }
  if (!parent && isOnDaxBus(device.mode) && !device.parent_bound && command.mode === undefined && !disabled) {
    return kernelRefuses('ENODEV', 'dax_pmem is not bound: there is no such dax device');
  }
  const hangs_in = neverReturns(tx.host, 'memremap_pages');
  if (hangs_in !== null) return blocked(tx, device, hangs_in);
  return probe(tx, command, device);
}

/**
 * bind_store() asks first whether the driver takes the device at all, whatever holds it: kmem takes a pmem by its name
 * alone, which daxctl gives it (S42, S49). Source: drivers/base/bus.c bind_store().
 */
function refusesMatch(host: Host, { driver, mode }: Bind, device: ModelledDevice): Refusal | null {
  const bySysfs = mode === undefined && isOnDaxBus(device.mode) && device.parent_bound;
  if (!bySysfs || (driver !== 'kmem' && driver !== 'device_dax') || takes(host, driver, device)) return null;
  const detail = `${driver} does not take ${device.name}: nobody wrote its name to new_id, as daxctl does (bind with mode)`;
  return kernelRefuses('ENODEV', detail);
}

/**
 * A bind while the removal holds the device lock waits for it; behind a kmem unbind, the bind of a driver of the dax
 * bus answers ENODEV at once on v5.10 (M159), and dax_pmem has been bound all along (M161).
 */
function behindUnbind(tx: Transaction, command: Bind, device: DaxDevice): BoundDevice | Refusal {
  const facts = factsOf(tx.host);
  const by_sysfs = device.mode === 'system-ram' && command.driver !== undefined;
  if (by_sysfs && (command.driver === 'dax_pmem' || facts.kmem.bind_behind_unbind === 'ENODEV')) {
    return kernelRefuses(
      facts.bind_bound_errno,
      'the device keeps its driver until its unbind returns: POST …/reboot ends an unbind that never does',
    );
  }
  return waits(tx, command, device, 'device_lock: the removal holds it');
}

/** A bind that goes on once the lock is given back. */
function waits(
  tx: Transaction,
  { type: _type, dax_device: _device, ...bindTo }: Bind,
  device: DaxDevice,
  blocked_in: string,
): BoundDevice {
  queueForLock(tx, device, { bind: bindTo });
  return blocked(tx, deviceOf(tx.host, device.name), blocked_in);
}

function blocked(tx: Transaction, device: DaxDevice, blocked_in: string): BoundDevice {
  const conditions = [...without(device, BIND_BLOCKED.type), { ...BIND_BLOCKED, detail: blocked_in }];
  const record = patch(tx, 'dax_devices', device.name, { conditions });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { bind_blocked: blocked_in });
  return { record, bind: { result: 'blocked', blocked_in, kernel_log: [] } };
}

/**
 * A bind that waited goes on, now that the lock is given back: what it answers nobody reads any more, but that it does
 * not wait any longer.
 */
export function bindBehind(tx: Transaction, dax_device: string, bindTo: BindTo): void {
  const device = deviceOf(tx.host, dax_device);
  patch(tx, 'dax_devices', dax_device, { conditions: without(device, BIND_BLOCKED.type) });
  const answer = bind(tx, { type: 'bind', dax_device, ...bindTo });
  if (isRefusal(answer))
    emit(tx, 'dax_device_changed', `dax-devices/${dax_device}`, { bind_refused: answer.detail });
}

/** The mode a bind asks for: its own, that of the driver it names on the dax bus, or the one there was. */
function modeOf(host: Host, { mode, driver }: Bind, device: ModelledDevice): KnownMode {
  if (mode !== undefined) return mode;
  if (driver === 'dax_pmem') return defaultMode(host, device);
  if (!isOnDaxBus(device.mode)) return device.mode;
  return DAX_MODES.find((onDaxBus) => driverOf(onDaxBus) === driver) ?? device.mode;
}

/**
 * The probe: a new pgmap over the same pfns, or memory blocks; old entries keep their translation. A leaked range stops
 * every driver (M69, M70, M73); that of the child does not stop dax_pmem (M72).
 */
function probe(tx: Transaction, command: Bind, device: ModelledDevice): BoundDevice | Refusal {
  const mode = modeOf(tx.host, command, device);
  const dynamic = noNamespaceMode(tx.host, device, mode);
  if (dynamic !== null) return dynamic;
  const driver = driverOf(mode);
  if (command.driver !== undefined && command.driver !== 'dax_pmem' && command.driver !== driver) {
    return refuse('invalid_field', `${command.driver} does not bind a ${mode} device`, {
      pointer: '/driver',
    });
  }
  const failure = probeFails(tx.host, device, driver, leakedRanges(tx.host));
  if (failure !== null)
    return command.driver === 'dax_pmem'
      ? parentAlone(tx, device, failure)
      : withWayBack(tx, device, failure);
  if (driver === 'kmem' && hotplugLock(tx.host) !== null)
    return waits(tx, command, device, 'lock_device_hotplug');
  const tenant = command.tenant === undefined ? device.tenant : command.tenant;
  const record = withLeft(tx, bound(tx, device, mode, tenant));
  emit(tx, 'dax_device_bound', `dax-devices/${device.name}`, { mode, driver, tenant });
  const kernel_log = driver === 'kmem' ? logOfAdding(tx.host, record) : [];
  if (driver === 'kmem') addMemory(tx, record);
  return { record, bind: { result: 'ok', blocked_in: null, kernel_log } };
}

/** What the probe logs, and what helps where the range has leaked. */
function withWayBack({ host }: Transaction, device: DaxDevice, failure: Refusal): Refusal {
  if (leakedUnder(leakedRanges(host), device) === null) return failure;
  return { ...failure, detail: `${failure.detail}: ${RANGE_LEAKED}` };
}

/** dax_pmem binds, the dax device it makes stays without a driver. */
function parentAlone(tx: Transaction, device: DaxDevice, { detail }: Refusal): BoundDevice {
  const record = parentBound(tx, device);
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { parent_bound: true });
  return { record, bind: { result: 'ok', blocked_in: null, kernel_log: detail.split('; ') } };
}
