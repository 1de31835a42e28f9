import type { File, Host, Mount } from '../model/host.ts';
import { fileOf, filesOf, isFileUsed, mountsOf } from '../model/lookup.ts';
import { emit, patch, remove, type Transaction } from '../model/transaction.ts';
import { evict, evictionOf, HARMLESS, type Eviction } from './evict.ts';
import { isFrozen } from './freeze.ts';
import { heldByRemoval } from './held_superblock.ts';

/** What holds a file, or something else: a descriptor or a mapping. */
interface Holder {
  readonly file: string | null;
}

/**
 * After descriptors and mappings went: inodes without a name that nobody uses any more are evicted and their blocks are
 * free; so are all inodes of a file system that was detached and has lost its last user. Returns what that did to the
 * task: the first that does not end well.
 * Source: fs/file_table.c __fput(), fs/inode.c iput_final(), fs/namespace.c cleanup_mnt(); S4, S5.
 */
export function putFiles(tx: Transaction, holders: readonly Holder[]): Eviction {
  const files = filesBehind(tx.host, holders);
  for (const file of files) {
    if (file.state !== 'unlinked' || isFileUsed(tx.host, file.id)) continue;
    const eviction = freeInode(tx, file);
    if (eviction.do !== 'ok') return eviction;
  }
  for (const mount of detachedSuperblocks(tx.host, files)) {
    const eviction = evictAll(tx, mount);
    if (eviction.do !== 'ok') return eviction;
  }
  return HARMLESS;
}

/**
 * Evicts an inode that has no name and no user: its blocks are free. Where that does not end, or nobody knows how, it
 * stays in core for ever. Source: fs/ext4/inode.c ext4_evict_inode(), fs/xfs/xfs_super.c xfs_fs_evict_inode(); S5, S47.
 */
export function freeInode(tx: Transaction, file: File): Eviction {
  const eviction = evictionOf(tx.host, [file]);
  if (eviction.do === 'ok') {
    evict(tx, [file]);
    deleteFile(tx, file);
  } else {
    patch(tx, 'files', file.id, { state: 'freeing' });
  }
  return eviction;
}

/** The record of a file goes: nothing can come to it any more. */
export function deleteFile(tx: Transaction, { id, path }: File): void {
  remove(tx, 'files', id);
  emit(tx, 'file_deleted', `files/${id}`, { path });
}

/**
 * Evicts all inodes of a superblock that nobody uses: where that does not end, or nobody knows how, it stays for ever,
 * half torn down. It first waits for s_umount, which a removal may have for ever (S47).
 * Source: fs/super.c deactivate_super(), generic_shutdown_super(); S1, S2, S10.
 */
export function evictAll(tx: Transaction, mount: Mount): Eviction {
  const files = filesOf(tx.host, mount.file_system);
  const eviction: Eviction = heldByRemoval(tx.host, mount)
    ? { do: 'hang', in: 'deactivate_super' }
    : evictionOf(tx.host, files);
  if (eviction.do === 'ok') {
    evict(tx, files);
  } else {
    patch(tx, 'mounts', mount.id, { state: 'shutting_down' });
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { state: 'shutting_down' });
  }
  return eviction;
}

/** Whether a task that is not reaped has a file of the mount open or maps it, or one of its inodes is freed without end. */
export function isMountUsed(host: Host, mount: Mount): boolean {
  return filesOf(host, mount.file_system).some(
    ({ id, mount: at, state }) => at === mount.id && (state === 'freeing' || isFileUsed(host, id)),
  );
}

function filesBehind(host: Host, holders: readonly Holder[]): File[] {
  const ids = new Set(holders.flatMap(({ file }) => (file === null ? [] : [file])));
  return [...ids].map((id) => fileOf(host, id));
}

/**
 * Whether nothing holds a mount any more: it was detached, nobody uses it, and no umount of it that never returns keeps
 * it (S32).
 */
export function isAbandoned(host: Host, mount: Mount): boolean {
  return mount.state === 'lazy' && !mount.umount_blocked && !isMountUsed(host, mount);
}

/**
 * Superblocks of the files that are torn down, for nothing holds any of their mounts: by one of these. A freeze keeps a
 * superblock active (S28, S38).
 */
function detachedSuperblocks(host: Host, files: readonly File[]): Mount[] {
  const ids = new Set(files.map(({ file_system }) => file_system));
  return [...ids].flatMap((id) => {
    const mounts = mountsOf(host, id);
    const isLeft = mounts.every((mount) => isAbandoned(host, mount) && !isFrozen(mount));
    return isLeft ? mounts.slice(0, 1) : [];
  });
}
