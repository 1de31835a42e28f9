import type { OpenFile } from '../model/open_file.ts';
import { emit, identity, nextId, put, type Transaction } from '../model/transaction.ts';

/** What a process has opened, as open(2) gives it a descriptor of a description of its own. */
export function putDescriptor(
  tx: Transaction,
  opened: Pick<OpenFile, 'pid' | 'dax_device' | 'file' | 'flags' | 'device_instance' | 'opened_dead'>,
): OpenFile {
  const id = nextId(tx, 'o');
  const record = put(tx, 'open_files', id, { ...identity(tx), id, ...opened, description: id });
  emit(tx, 'open_file_created', `open-files/${id}`, { pid: opened.pid });
  return record;
}
