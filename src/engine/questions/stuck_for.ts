import type { DaxDevice } from '../model/host.ts';
import { isRefusal } from '../model/refusal.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import { bindsOf, upToFirst } from './clean_up.ts';
import { failsWords } from './clean_up_words.ts';
import { runRemoval } from './run_removal.ts';
import { whatIf } from './what_if.ts';

/**
 * What a device that no driver has meets for what the host has `stuck`: its bind, or, bound again, its removal does not
 * come to an end, and both would if nothing were stuck (ADV18). Null where that does not concern it.
 */
export function stuckFor(tx: Transaction, device: DaxDevice): string | null {
  const { name, stuck } = hostRecord(tx.host);
  if (device.state === 'bound' || device.removal !== null || stuck.length === 0) return null;
  const met = inTheWay(tx, device);
  if (met === null) return null;
  const isItThat = whatIf(tx, (imagined) => {
    patch(imagined, 'hosts', name, { stuck: [] });
    return inTheWay(imagined, device) === null;
  });
  return isItThat ? `${met}, for what the host has stuck (${stuck.join(', ')}) until a reboot` : null;
}

/** Binds it and takes it away again: what does not end. */
function inTheWay(tx: Transaction, device: DaxDevice): string | null {
  return whatIf(tx, (imagined) => {
    const met = upToFirst(imagined, bindsOf(device));
    if (met.at(-1)!.does !== 'ok') return failsWords(imagined.host, met);
    const dax_device = device.name;
    const removal = runRemoval(imagined, { type: 'remove_dax_device', dax_device, trigger: 'unbind' });
    if (isRefusal(removal) || removal.state !== 'stuck') return null;
    return `no removal of ${dax_device} returns any more once it is bound again`;
  });
}
