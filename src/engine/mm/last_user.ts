import type { File, Host, Mount } from '../model/host.ts';
import { fileOf, filesOf, isFileUsed, mountsOf } from '../model/lookup.ts';
import { emit, patch, remove, type Transaction } from '../model/transaction.ts';
import { evict, evictionOf, type Eviction } from './evict.ts';
import { isFrozen } from './freeze.ts';
import { neverReturns } from './never_returns.ts';

/** What holds a file, or something else: a descriptor or a mapping. */
interface Holder {
  readonly file: string | null;
}

/**
 * After descriptors and mappings went: inodes without a name that nobody uses any more are evicted and their blocks are
 * free; so are all inodes of a file system that was detached and has lost its last user. Returns what that did to the
 * task, which asks before whether it is known: the first that does not end well, and that never ends.
 * Source: fs/file_table.c __fput(), fs/inode.c iput_final(), fs/namespace.c cleanup_mnt(); S4, S5.
 */
export function putFiles(tx: Transaction, holders: readonly Holder[]): Eviction {
  const files = filesBehind(tx.host, holders);
  for (const file of files) {
    if (file.state !== 'unlinked' || isFileUsed(tx.host, file.id)) continue;
    const eviction = evictionOf(tx.host, [file]);
    if (!endsWell(eviction)) {
      patch(tx, 'files', file.id, { state: 'freeing' });
      return eviction;
    }
    evict(tx, [file]);
    remove(tx, 'files', file.id);
    emit(tx, 'file_deleted', `files/${file.id}`, { path: file.path });
  }
  for (const mount of detachedMounts(tx.host, files)) {
    if (isMountUsed(tx.host, mount)) continue;
    const eviction = evictAll(tx, mount);
    if (!endsWell(eviction)) return eviction;
  }
  return { do: 'ok' };
}

/** How the end of a process would end what it is the last to use; null where that is harmless or known. */
export function putUnknown(host: Host, pid: number, holders: readonly Holder[]): string | null {
  const files = filesBehind(host, holders);
  const unlinked = files.filter(({ id, state }) => state === 'unlinked' && !isFileUsed(host, id, pid));
  const detached = detachedMounts(host, files).filter((mount) => !isMountUsed(host, mount, pid));
  const evicted = [...unlinked, ...detached.flatMap(({ file_system }) => filesOf(host, file_system))];
  const eviction = evictionOf(host, evicted);
  return eviction.do === 'unknown' ? eviction.why : null;
}

/**
 * Evicts all inodes of a superblock that nobody uses: where that does not end it stays for ever, half torn down.
 * Source: fs/super.c generic_shutdown_super(); S1, S2, S10.
 */
export function evictAll(tx: Transaction, mount: Mount): Eviction {
  const files = filesOf(tx.host, mount.file_system);
  const eviction = evictionOf(tx.host, files);
  if (eviction.do === 'unknown') return eviction;
  if (endsWell(eviction)) {
    evict(tx, files);
    return eviction;
  }
  patch(tx, 'mounts', mount.id, { state: 'shutting_down' });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { state: 'shutting_down' });
  return eviction;
}

/**
 * Whether a task that is not reaped, but this one, has a file of the mount open or maps it, or one of its inodes is freed
 * without end.
 */
export function isMountUsed(host: Host, mount: Mount, but?: number): boolean {
  return filesOf(host, mount.file_system).some(
    ({ id, mount: at, state }) => at === mount.id && (state === 'freeing' || isFileUsed(host, id, but)),
  );
}

function endsWell({ do: does }: Eviction): boolean {
  return does === 'ok' || does === 'unknown';
}

function filesBehind(host: Host, holders: readonly Holder[]): File[] {
  const ids = new Set(holders.flatMap(({ file }) => (file === null ? [] : [file])));
  return [...ids].map((id) => fileOf(host, id));
}

/**
 * Detached mounts of the files that tear their superblock down with the last user: a freeze keeps it active (S28, S38), and so
 * does a umount that never returns (S32).
 */
function detachedMounts(host: Host, files: readonly File[]): Mount[] {
  if (neverReturns(host, 'namespace_unlock') !== null) return [];
  const ids = new Set(files.map(({ file_system }) => file_system));
  return [...ids]
    .flatMap((id) => mountsOf(host, id))
    .filter((mount) => mount.state === 'lazy' && !isFrozen(mount));
}
