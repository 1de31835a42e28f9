import type { Access } from './access_order.ts';
import { fsType } from './topology.ts';
import { mountOf, mountPoints } from './view.ts';
import type { RecordingView } from './view.ts';

/**
 * Where jbd2's periodic commit fell. On a device that is gone the commit (every 5 s of the guest's clock)
 * aborts the ext4 journal; from then on fsync and msync answer EROFS instead of EIO, and a store that needs
 * the journal fails before it could drop a 2 MiB entry. A recording does not say when it was, its answers do:
 * the commit is placed just before the first answer that only an aborted journal gives, as late as that
 * allows. Every other answer, before and after it, then has to agree, and is compared like any other.
 *
 *   - EROFS of fsync: before that call. EROFS of msync: before the same process's pwrite.
 *   - write(2) out of the page beside a failed store still succeeds through a shared 2 MiB entry: before
 *     that store.
 *   - nothing of the kind, but the mount has turned read-only: after all accesses.
 */
export function placeCommits(
  view: RecordingView,
  accesses: readonly Access[],
): { readonly mount: string; readonly before: number }[] {
  if (fsType(view.given) !== 'ext4') return [];
  return mountPoints(view.given).flatMap(({ path }) => {
    const before = commitIndex(view, accesses, path);
    if (before !== null) return [{ mount: path, before }];
    const line = (view.observed.mounts_after ?? []).find((mounted) => mounted.split(' ')[1] === path);
    return line !== undefined && / ro[, ]/.test(line) ? [{ mount: path, before: accesses.length }] : [];
  });
}

function commitIndex(view: RecordingView, accesses: readonly Access[], mount: string): number | null {
  for (const [n, access] of accesses.entries()) {
    const { file = '' } = view.given.processes?.[access.process] ?? {};
    if (mountOf(view.given, file) !== mount) continue;
    if (access.answer.errno === 'EROFS') {
      return access.name === 'msync' ? (indexOf(accesses, access.process, 'pwrite_fd') ?? n) : n;
    }
    if (access.name.startsWith('wrpipe') && access.answer.ok === true) {
      const store = keptEntry(view, accesses, access.process);
      if (store !== null) return store;
    }
  }
  return null;
}

/** The failed store that left a shared 2 MiB entry in place. */
function keptEntry(view: RecordingView, accesses: readonly Access[], process: string): number | null {
  const how = (view.given.processes?.[process]?.mapping ?? '').split(' ');
  if (how.includes('skew') || how.includes('private')) return null;
  const store = indexOf(accesses, process, 'write_touched_page');
  return store !== null && accesses[store]?.answer.signal === 'SIGBUS' ? store : null;
}

function indexOf(accesses: readonly Access[], process: string, name: string): number | null {
  const n = accesses.findIndex((access) => access.process === process && access.name === name);
  return n === -1 ? null : n;
}
