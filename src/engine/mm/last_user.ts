import type { File } from '../model/host.ts';
import { fileOf, isFileUsed } from '../model/lookup.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';

/** What held a file, or something else: a descriptor or a mapping. */
interface Holder {
  readonly file: string | null;
}

/**
 * After descriptors and mappings went: inodes without a name that nobody uses any more are evicted, their blocks are
 * free. Source: fs/file_table.c __fput(), fs/inode.c iput_final().
 */
export function putFiles(tx: Transaction, holders: readonly Holder[]): void {
  const ids = new Set(holders.flatMap(({ file }) => (file === null ? [] : [file])));
  for (const id of ids) {
    const file = fileOf(tx.host, id);
    if (file.state === 'unlinked' && !isFileUsed(tx.host, id)) deleteFile(tx, file);
  }
}

/** A file and its blocks go. */
function deleteFile(tx: Transaction, { id, path }: File): void {
  remove(tx, 'files', id);
  emit(tx, 'file_deleted', `files/${id}`, { path });
}
