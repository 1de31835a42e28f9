import type { OpenFile } from '../model/open_file.ts';
import { emit, identity, nextId, put, type Transaction } from '../model/transaction.ts';

/** What a process has opened, as open(2) gives it a descriptor of a description of its own. */
export function putDescriptor(
  tx: Transaction,
  opened: Pick<OpenFile, 'pid' | 'dax_device' | 'file' | 'flags' | 'device_instance' | 'opened_dead'>,
): OpenFile {
  const id = nextId(tx, 'o');
  const { uid, revision, host } = identity(tx);
  const { pid, dax_device, file, flags, device_instance, opened_dead } = opened;
  const record = put(tx, 'open_files', id, {
    uid,
    revision,
    host,
    id,
    pid,
    dax_device,
    file,
    flags,
    device_instance,
    opened_dead,
    description: id,
  });
  emit(tx, 'open_file_created', `open-files/${id}`, { pid });
  return record;
}
