import { closeFile } from '../commands/close_file.ts';
import { createMapping } from '../commands/create_mapping.ts';
import { createProcess } from '../commands/create_process.ts';
import { openFile } from '../commands/open_file.ts';
import { isReleased, miscounted, releasedWords } from '../mm/cdev.ts';
import { deviceOf } from '../model/lookup.ts';
import type { OpenFile } from '../model/open_file.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { whatIf } from './what_if.ts';
import { words } from './words.ts';

/** What is a multiple of every align; longer than the device it may be (D3). */
const ANY_ALIGN = 2 ** 30;

/** What the node of a device-dax gives who has it open, and who opens it anew. */
export function nodeWords(tx: Transaction, open_file: OpenFile): string {
  const own = whatIf(tx, (imagined) => mapped(imagined, open_file));
  return `mmap: ${own}; who opens the node anew: ${whatIf(tx, (imagined) => opensAnew(imagined, open_file))}`;
}

/** What its close does now that the device is served: nothing that would be worth a word, or it takes the last reference. */
export function closeWords(tx: Transaction, { id, dax_device }: OpenFile): string {
  if (miscounted(deviceOf(tx.host, dax_device)) === null) return '';
  return whatIf(tx, (imagined) => {
    closeFile(imagined, { type: 'close_file', open_file: id });
    const device = deviceOf(imagined.host, dax_device);
    return isReleased(device) ? `; closed now: ${releasedWords(imagined.host, device)}` : '';
  });
}

function opensAnew(tx: Transaction, { dax_device }: OpenFile): string {
  const pid = 1000 + hostRecord(tx.host).next_id;
  createProcess(tx, { type: 'create_process', pid, comm: 'what-if' });
  const opened = openFile(tx, { type: 'open_file', pid, dax_device, flags: ['rdonly'] });
  return 'result' in opened || isRefusal(opened)
    ? `open: ${words(opened)}`
    : `open: ok, mmap: ${mapped(tx, opened)}`;
}

function mapped(tx: Transaction, { id, pid }: OpenFile): string {
  const shared = { offset: 0, length: ANY_ALIGN, flags: ['shared'], prot: 'r' } as const;
  return madeWords(createMapping(tx, { type: 'create_mapping', pid, open_file: id, ...shared }));
}

function madeWords(made: object | Outcome | Refusal): string {
  return 'result' in made || 'refused' in made ? words(made) : 'ok';
}
