import type { File, Host, Mount } from '../model/host.ts';
import { fileOf, fileSystemOf, filesOf, isFileUsed, mountsOf, must } from '../model/lookup.ts';
import { refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, patch, remove, type Transaction } from '../model/transaction.ts';
import { evict, evictionOf, HARMLESS, type Eviction } from './evict.ts';
import { isFrozen, untilThawed } from './freeze.ts';
import { heldByRemoval } from './held_superblock.ts';
import { leaveWithoutEnd } from './never_returns.ts';
import { leaveFreed } from './times.ts';

/** What a last put does to the task; `refused`: it waits for a thaw, which no process of the model does there. */
export type LastPut = Eviction | { readonly do: 'refused'; readonly refusal: Refusal };

/**
 * After a descriptor or a mapping went: an inode without a name that nobody uses any more is evicted and its blocks are
 * free; so are all inodes of a file system that was detached and has lost its last user.
 * Source: fs/file_table.c __fput(), fs/inode.c iput_final(), fs/namespace.c cleanup_mnt(); S4, S5.
 */
export function putFile(tx: Transaction, { file }: { readonly file: string | null }): LastPut {
  if (file === null) return HARMLESS;
  const inode = fileOf(tx.host, file);
  const eviction = putInode(tx, inode);
  return eviction.do === 'ok' ? cleanUpMounts(tx, [inode]) : eviction;
}

/** The first of these, of the inode alone. */
export function putInode(tx: Transaction, file: File): LastPut {
  if (file.state !== 'unlinked' || isFileUsed(tx.host, file.id)) return HARMLESS;
  const mount = must(tx.host.tables.mounts.get(file.mount), file.mount);
  // What is read-only is frozen without a lock.
  if (!isFrozen(mount) || mount.read_only || evictionOf(tx.host, [file]).do !== 'ok')
    return freeInode(tx, file);
  patch(tx, 'files', file.id, { state: 'freeing' });
  return { do: 'refused', refusal: freesWhileFrozen(tx.host, mount) };
}

/**
 * Behind the eviction of its pages the blocks of an inode are freed, which a freeze holds up: on ext4 its last user waits
 * (FRZ3); of xfs it is a worker on later kernels, and what a removal meets of such an inode is not known (FRZ4).
 * Source: fs/ext4/inode.c ext4_evict_inode() sb_start_intwrite(), fs/xfs/xfs_icache.c xfs_inodegc_queue().
 */
function freesWhileFrozen(host: Host, mount: Mount): Refusal {
  if (fileSystemOf(host, mount.file_system).fs_type === 'xfs')
    return unknownOutcome(
      'the last use of an unlinked file of a frozen xfs is neither recorded nor in the sources read',
    );
  const until = untilThawed(mount);
  return refuse(
    'dax_device_busy',
    `the file system is frozen: the last user of an unlinked file waits ${until}`,
  );
}

/**
 * The second, after the last puts of files, in the order of these: the mount that was put last is cleaned up first, and
 * with the last of its mounts a superblock is torn down, but for one that a freeze keeps active (S28, S38). Returns what
 * that did to the task: the first that does not end well, behind which it comes to no other (EVICT2).
 */
export function cleanUpMounts(tx: Transaction, files: readonly File[]): Eviction {
  const mounts = abandoned(tx.host, files);
  if (mounts.length === 0) return HARMLESS;
  const cleaned = new Set<string>();
  for (const [at, mount] of mounts.entries()) {
    cleaned.add(mount.id);
    const isLast = mountsOf(tx.host, mount.file_system).every(({ id }) => cleaned.has(id));
    const eviction = isLast && !isFrozen(mount) ? evictAll(tx, mount) : HARMLESS;
    if (eviction.do === 'ok') continue;
    for (const left of mounts.slice(at + 1)) keepMount(tx, left);
    return eviction;
  }
  return HARMLESS;
}

/** The detached mounts whose last users these puts were have nobody left who cleans them up: they stay (EVICT2). */
export function keepMounts(tx: Transaction, files: readonly File[]): void {
  for (const mount of abandoned(tx.host, files)) keepMount(tx, mount);
}

function keepMount(tx: Transaction, { id }: Mount): void {
  patch(tx, 'mounts', id, { umount_blocked: true });
  emit(tx, 'mount_changed', `mounts/${id}`, { umount_blocked: true });
}

/** The mounts of files that nothing holds any more, the one whose file was put last first. */
function abandoned(host: Host, files: readonly File[]): Mount[] {
  const ids = new Set(files.map(({ mount }) => mount).reverse());
  return [...ids]
    .map((id) => must(host.tables.mounts.get(id), id))
    .filter((mount) => isAbandoned(host, mount));
}

/**
 * Evicts an inode that has no name and no user: its blocks are free. Where that does not end, or nobody knows how, it
 * stays in core for ever. Source: fs/ext4/inode.c ext4_evict_inode(), fs/xfs/xfs_super.c xfs_fs_evict_inode(); S5, S47.
 */
export function freeInode(tx: Transaction, file: File): Eviction {
  const eviction = evictionOf(tx.host, [file]);
  if (eviction.do === 'ok') {
    evict(tx, [file]);
    leaveFreed(tx, file);
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
 * half torn down, and with it s_umount. It first waits for s_umount, which a removal may have for ever (S47).
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
    const blocked = eviction.do === 'hang' ? { blocked_in: eviction.in } : {};
    patch(tx, 'mounts', mount.id, { state: 'shutting_down', ...blocked });
    leaveWithoutEnd(tx, 's_umount');
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

/**
 * Whether nothing holds a mount any more: it was detached, nobody uses it, and nothing that never comes to its clean-up
 * keeps it (S32, EVICT2).
 */
export function isAbandoned(host: Host, mount: Mount): boolean {
  return mount.state === 'lazy' && !mount.umount_blocked && !isMountUsed(host, mount);
}
