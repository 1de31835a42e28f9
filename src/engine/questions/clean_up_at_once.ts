import { heldByRemoval } from '../mm/held_superblock.ts';
import { isFrozen } from '../mm/freeze.ts';
import type { DaxDevice, File, Host, Mapping, Mount, Process } from '../model/host.ts';
import {
  fileOf,
  filesOf,
  mappingsOfPid,
  must,
  openFilesOfPid,
  pinsOfPid,
  removalsNotCompleted,
  usersOf,
} from '../model/lookup.ts';
import type { OpenFile } from '../model/open_file.ts';
import { entriesOf, hostRecord } from '../model/transaction.ts';
import { leftMounts } from './residue.ts';

/**
 * Whether it is seen without a trial that no call that cleans up behind a removal can fail: its users run and have no
 * entry, pin or node left, their files have a name and nothing in core, no mount of these was detached or is frozen, and
 * nothing of the host is held for ever, or waits. As behind most removals that are contained. O(uses of the users, files).
 */
export function cleansUpAtOnce(host: Host, device: DaxDevice): boolean {
  const isFree =
    hostRecord(host).stuck.length === 0 &&
    removalsNotCompleted(host).every(({ state }) => state === 'running');
  return (
    isFree &&
    leftMounts(host, device).every((mount) => unmountsAtOnce(host, mount)) &&
    usersOf(host, device).every((process) => endsAtOnce(host, process))
  );
}

/** Its eviction finds nothing. */
function unmountsAtOnce(host: Host, mount: Mount): boolean {
  const isHeld = mount.state !== 'mounted' || isFrozen(mount) || heldByRemoval(host, mount);
  return !isHeld && filesOf(host, mount.file_system).every((file) => isIdle(host, file));
}

function isIdle(host: Host, { id, state }: File): boolean {
  return state === 'linked' && entriesOf(host, id).length === 0;
}

/** Its exit zaps nothing, and its last puts free nothing. */
function endsAtOnce(host: Host, { pid, state, mm_locked }: Process): boolean {
  const isAble = state === 'running' && !mm_locked && pinsOfPid(host, pid).length === 0;
  const held: readonly (Mapping | OpenFile)[] = [...mappingsOfPid(host, pid), ...openFilesOfPid(host, pid)];
  return isAble && held.every((holder) => goesAtOnce(host, holder));
}

function goesAtOnce(host: Host, { id, file }: Mapping | OpenFile): boolean {
  if (file === null || entriesOf(host, id).length > 0) return false;
  const { state, mount } = fileOf(host, file);
  return state === 'linked' && must(host.tables.mounts.get(mount), mount).state === 'mounted';
}
