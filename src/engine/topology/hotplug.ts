import type { Answer } from '../answer.ts';
import type { Command } from '../command.ts';
import type { DaxDevice } from '../host.ts';
import { findDevice } from '../lookup.ts';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { emit, identity, patch, put, type Transaction } from '../transaction.ts';
import { removeDaxDevice } from '../removal/start.ts';
import { refusesPlace } from './device.ts';

type Record_ = Extract<Command, { type: 'record_hotplug_event' }>;

/** What the bus did: a removal that it caused, a medium that is there again, or another one in its place. */
export function recordHotplugEvent(tx: Transaction, command: Record_): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  const removal =
    command.action === 'surprise_remove' || command.action === 'orderly_remove'
      ? startRemoval(tx, command)
      : putMedium(tx, command, device);
  if (isRefusal(removal)) return removal;
  const own = identity(tx);
  const record = put(tx, 'hotplug_events', own.uid, {
    ...own,
    id: own.uid,
    action: command.action,
    dax_device: device.name,
    media: command.media ?? null,
    removal,
    at: tx.context.now,
  });
  emit(tx, 'hotplug_event_recorded', `hotplug-events/${record.id}`, {
    action: command.action,
    dax_device: device.name,
  });
  return { record };
}

function startRemoval(tx: Transaction, command: Record_): string | Refusal {
  const trigger = command.action === 'surprise_remove' ? 'surprise_removal' : 'orderly_removal';
  const answer = removeDaxDevice(tx, { type: 'remove_dax_device', dax_device: command.dax_device, trigger });
  if (isRefusal(answer)) return answer;
  return answer.id;
}

/** `add`: the same medium is back. `replace`: another one at the same physical addresses, a new generation. */
function putMedium(tx: Transaction, command: Record_, device: DaxDevice): null | Refusal {
  if (device.state === 'bound')
    return refuse('dax_device_in_use', `${device.name} is bound: remove it first`);
  if (device.state === 'removing') return refuse('removal_in_progress', `${device.name} is being removed`);
  const size = command.media?.size ?? device.size;
  const misplaced = refusesPlace(tx, { ...device, size });
  if (misplaced !== null) return { ...misplaced, pointer: '/media/size' };
  const replaced = command.action === 'replace';
  patch(tx, 'dax_devices', device.name, {
    media_present: true,
    state: 'unbound',
    size,
    media_serial: command.media?.serial ?? (replaced ? null : device.media_serial),
    generation: replaced ? device.generation + 1 : device.generation,
    tenant: replaced ? (command.tenant ?? null) : device.tenant,
  });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { action: command.action });
  return null;
}
