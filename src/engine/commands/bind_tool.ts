import { noNamespace } from '../device/dax_region.ts';
import { NAMESPACE_DESTROYED, SEED_LEFT } from '../device/conditions.ts';
import { has } from '../model/conditions.ts';
import { onlineRest } from '../device/kmem/online_rest.ts';
import { onlinePolicyOf } from '../kernels/online_policy.ts';
import type { Bind } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';
import { hasOnlineMemory } from '../model/memory_range.ts';
import { isWithoutLabels } from '../model/provider.ts';
import { refuse, toolRefuses, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { isOnDaxBus, type BindVia, type DeviceMode } from '../model/vocabulary.ts';

/** What is known of a `via` of a bind. */
interface Tool {
  readonly tool: 'daxctl' | 'ndctl';
  readonly verb: 'reconfigure' | 'enable';
  readonly force: boolean;
}

interface Asked extends Tool {
  readonly mode: DeviceMode | undefined;
}

/** A refusal, or whether the device is as the tool wants it, so that it asks no kernel. */
type Before = Refusal | 'as_asked' | 'to_bind';

const TOOLS: Readonly<Record<BindVia, Tool>> = {
  daxctl_reconfigure_device: { tool: 'daxctl', verb: 'reconfigure', force: false },
  daxctl_reconfigure_device_force: { tool: 'daxctl', verb: 'reconfigure', force: true },
  daxctl_enable_device: { tool: 'daxctl', verb: 'enable', force: false },
  ndctl_enable_namespace: { tool: 'ndctl', verb: 'enable', force: false },
  ndctl_create_namespace: { tool: 'ndctl', verb: 'reconfigure', force: false },
  ndctl_create_namespace_force: { tool: 'ndctl', verb: 'reconfigure', force: true },
};

/**
 * What a tool does before it binds. Where it would first disable the device, that is a removal of its own, and asked
 * for by itself (BIND4). Source: daxctl/device.c do_reconfig(), do_xble(), ndctl/namespace.c namespace_prep_reconfig(),
 * ndctl/lib/libndctl.c ndctl_namespace_enable(), v81.
 */
export function toolBefore(tx: Transaction, { via, mode, driver }: Bind, device: DaxDevice): Before {
  if (via === undefined || device.state === 'removing' || device.state === 'gone') return 'to_bind';
  if (driver !== undefined)
    return refuse('invalid_field', `${via} chooses the driver by the mode`, { pointer: '/driver' });
  const asked = { ...TOOLS[via], mode };
  return asked.tool === 'daxctl' ? daxctl(tx, asked, device) : ndctl(tx, asked, device);
}

/** What a tool does once the device is bound. Source: daxctl/device.c reconfig_mode_system_ram(). */
export function toolAfter(tx: Transaction, { via, mode }: Bind, device: DaxDevice): void {
  if (via !== undefined && TOOLS[via].tool === 'daxctl' && mode === 'system-ram') onlineRest(tx, device);
}

function daxctl(tx: Transaction, asked: Asked, device: DaxDevice): Before {
  if (!isOnDaxBus(device.mode) || !device.parent_bound)
    return toolRefuses('daxctl', `${device.name} is no dax device`, null);
  if (asked.verb === 'enable') {
    if (asked.mode !== undefined && asked.mode !== 'devdax') return enables(asked.mode);
    if (device.driver === 'kmem')
      return toolRefuses('daxctl', 'status operations are only applicable in devdax mode', 'ENXIO');
    return device.state === 'bound' ? 'as_asked' : 'to_bind';
  }
  if (asked.mode === 'system-ram') return toRam(tx, asked, device);
  if (asked.mode === 'devdax') return toDevdax(tx, asked, device);
  return refuse('invalid_field', 'daxctl reconfigures to system-ram or devdax', { pointer: '/mode' });
}

/** Without -f the tool leaves onlining to nobody else: any policy that onlines is in its way (M89). */
function toRam(tx: Transaction, { force }: Asked, device: DaxDevice): Before {
  if (!force && onlinePolicyOf(tx.host) !== 'offline')
    return toolRefuses('daxctl', 'error: kernel policy will auto-online memory, aborting', 'EBUSY');
  if (device.driver === 'kmem') return 'as_asked';
  return device.state === 'bound' ? disables('daxctl', device) : 'to_bind';
}

/** Memory that is online is not taken away; with -f the tool offlines it first (M90). */
function toDevdax(tx: Transaction, { force }: Asked, device: DaxDevice): Before {
  if (device.state !== 'bound') return 'to_bind';
  if (device.driver !== 'kmem') return 'as_asked';
  if (!force && hasOnlineMemory(tx.host, device.name))
    return toolRefuses('daxctl', 'found memory sections online, refusing to change modes', 'EBUSY');
  return disables('daxctl', device);
}

function ndctl(tx: Transaction, asked: Asked, device: DaxDevice): Before {
  const none = noNamespace(tx.host, device);
  if (none !== null) return none;
  const isBound = device.state === 'bound';
  if (asked.verb === 'enable') {
    if (asked.mode !== undefined && asked.mode !== device.mode) return enables(asked.mode);
    if (has(device, NAMESPACE_DESTROYED)) return enablesNone(device);
    return isBound ? 'as_asked' : 'to_bind';
  }
  if (!isBound) return 'to_bind';
  if (!asked.force)
    return toolRefuses('ndctl', 'the namespace is active, specify --force for re-configuration', 'EBUSY');
  if (mountsOn(tx.host, device).length > 0) return toolRefuses('ndctl', 'the namespace is mounted', 'EBUSY');
  if (hasOnlineMemory(tx.host, device.name))
    return toolRefuses('ndctl', 'active as system-ram, refusing to disable', 'EBUSY');
  return disables('ndctl', device);
}

function enables(mode: DeviceMode): Refusal {
  return refuse('invalid_field', `the tool enables the device as it is, not as ${mode}`, {
    pointer: '/mode',
  });
}

/** Without labels there is no seed: the namespace is the whole region still, of which only the info block is gone. */
function enablesNone({ name, provider }: DaxDevice): Refusal {
  if (isWithoutLabels(provider))
    return refuse('not_modelled', `${name} has no label, and lost its info block alone: bind it without via`);
  return toolRefuses('ndctl', `failed to enable: ${SEED_LEFT}`, 'ENXIO');
}

function disables(tool: Tool['tool'], { name }: DaxDevice): Refusal {
  const detail = `${tool} disables ${name} first: POST …/dax-devices/${name}/remove, and then the bind`;
  return refuse('not_modelled', detail);
}
