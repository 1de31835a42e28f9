import type { OpenFile } from '../model/open_file.ts';
import { putBy } from './process_end.ts';
import { okOutcome, type Outcome } from '../model/outcome.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';

/** What the close of a descriptor does. Source: fs/file_table.c __fput(). */
export function closeOf(tx: Transaction, open_file: OpenFile): Outcome {
  const { id, pid } = open_file;
  remove(tx, 'open_files', id);
  emit(tx, 'open_file_deleted', `open-files/${id}`, { pid });
  return putBy(tx, pid, open_file) ?? okOutcome();
}
