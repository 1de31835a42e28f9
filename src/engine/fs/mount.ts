import type { File, Host, Mount } from '../model/host.ts';
import type { Eviction } from '../mm/evict.ts';
import { isFrozen } from '../mm/freeze.ts';
import { heldByRemoval } from '../mm/held_superblock.ts';
import { evictAll, isAbandoned } from '../mm/last_user.ts';
import {
  filesOf,
  findMount,
  isFileUsed,
  livingMappings,
  mappingsOfFile,
  mountedSuperblock,
  mountsOf,
  mountsOfDevice,
  openFilesOfFile,
} from '../model/lookup.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { remove, patch, emit, type Transaction } from '../model/transaction.ts';
import { mountsOfSuperblock } from './superblock.ts';

/** Takes a mount away; its files go over to another mount of the superblock, where there is one. */
function dropMount(tx: Transaction, mount: Mount): void {
  const other = mountsOfSuperblock(tx, mount).find(({ id }) => id !== mount.id);
  remove(tx, 'mounts', mount.id);
  if (other !== undefined) {
    const own = filesOf(tx.host, mount.file_system).filter((file) => file.mount === mount.id);
    for (const { id } of own) patch(tx, 'files', id, { mount: other.id });
  }
  emit(tx, 'mount_deleted', `mounts/${mount.id}`, { path: mount.path });
}

/** What umount(2) does to who calls it, where nobody uses the mount: with its last mount a superblock is torn down. */
export function unmount(tx: Transaction, mount: Mount): Eviction {
  const isLast = mountsOfSuperblock(tx, mount).length === 1;
  const eviction: Eviction = isLast ? evictAll(tx, mount) : { do: 'ok' };
  if (eviction.do === 'ok') dropMount(tx, mount);
  return eviction;
}

/**
 * Whether a freeze keeps the superblock behind its last mount (S28, S38): it is active, nothing of it is torn down, and
 * a mount of its block device finds it. Source: fs/super.c freeze_super() s_active.
 */
export function keptByFreeze(tx: Transaction, mount: Mount): boolean {
  return isFrozen(mount) && mountsOfSuperblock(tx, mount).length === 1;
}

/** A detached mount ends with its last user; but where its superblock is frozen, which waits for a mount or a reboot. */
export function reapLazyMounts(tx: Transaction, touched: Iterable<string>): void {
  const abandoned: Mount[] = [];
  for (const name of touched)
    for (const mount of mountsOfDevice(tx.host, name)) if (isAbandoned(tx.host, mount)) abandoned.push(mount);
  for (const mount of abandoned) if (!keptByFreeze(tx, mount)) dropMount(tx, mount);
}

/** A mount that a path leads to. Refused: one that was detached (`file_system_not_mounted`). */
export function findAttached(host: Host, id: string): Mount | Refusal {
  const mount = findMount(host, id);
  if (isRefusal(mount) || mount.state === 'mounted') return mount;
  return refuse('file_system_not_mounted', `${id} was detached: no path leads to it any more`);
}

/**
 * The mount by which a path leads to a file. Refused where there is none (`file_system_not_mounted`), and where a removal
 * evicts inodes of its superblock without end: who looks up one of these waits, of the others nothing is known (S47).
 */
export function findByPath(host: Host, file: File): Mount | Refusal {
  const superblock = mountedSuperblock(host, file);
  if (isRefusal(superblock)) return superblock;
  if (heldByRemoval(host, superblock))
    return unknownOutcome(
      'what a call by path comes to, while a removal evicts inodes of the file system without end, is neither recorded nor in the sources read',
    );
  const attached = mountsOf(host, file.file_system).filter(({ state }) => state === 'mounted');
  const [first] = attached;
  if (first === undefined)
    return refuse(
      'file_system_not_mounted',
      `${superblock.id} was detached: no path leads to ${file.id} any more`,
    );
  return attached.find(({ id }) => id === file.mount) ?? first;
}

/**
 * A file is opened by the mount that a path leads by. Refused where it is in use by another, which was detached
 * (`not_modelled`): all users of a file are of one mount.
 */
export function reachBy(tx: Transaction, file: File, mount: Mount): Refusal | null {
  if (file.mount === mount.id) return null;
  if (isFileUsed(tx.host, file.id))
    return refuse(
      'not_modelled',
      `${file.id} is still used by ${file.mount}, which was detached: an open of it by ${mount.id} besides`,
    );
  patch(tx, 'files', file.id, { mount: mount.id });
  return null;
}

/**
 * Whether a remount to read-only finds somebody: a file that is open for writing, also where only a mapping holds it open,
 * or one that was unlinked and is in use. Source: fs/namespace.c sb_prepare_remount_readonly() mnt_get_writers(),
 * s_remove_count.
 */
export function hasWriters(tx: Transaction, { file_system }: Mount): boolean {
  return filesOf(tx.host, file_system).some(({ id, state }) => {
    if (state !== 'linked') return true;
    return (
      openFilesOfFile(tx.host, id).some(({ flags: [mode] }) => mode !== 'rdonly') ||
      livingMappings(tx.host, mappingsOfFile(tx.host, id)).some(({ opened }) => opened !== 'rdonly')
    );
  });
}
