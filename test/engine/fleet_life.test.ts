import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Decision } from '../../src/engine/handle.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { NO_ENTRIES, rowsOf } from '../../src/engine/model/mapping_table.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { anyLife, play, type Story } from './fleet.ts';
import {
  busy,
  entryPages,
  hasLockedMemory,
  isLost,
  keptWithoutUser,
  putEnds,
  snapshot,
  umountEnds,
  uses,
  type End,
} from './fleet/reference.ts';
import { cases } from '../support/property.ts';

/** Plays a story; `judge` sees the host before and after each command, and what was answered. */
function judged(
  story: Story,
  judge: (before: Host, after: Host, command: Command, decision: Decision | Refusal) => void,
): void {
  let before: Host | null = null;
  play(
    story,
    () => undefined,
    ({ host }) => {
      before = snapshot(host);
    },
    ({ host }, command, decision) => {
      judge(before!, host, command, decision);
    },
  );
}

const EVICTING = new Set(['dax_disassociate_entry', 'dax_layout_busy_page_range']);

/** Where a caller waits. Stories seldom come to any but the first: tests of S32 and S47 reach the others. */
const WAITS: Readonly<Record<string, End>> = {
  dax_break_layout_final: 'hang',
  deactivate_super: 'deactivate_super',
  synchronize_rcu_expedited: 'namespace_unlock',
};

/** How the caller came out of evictions, or what kept it from them; null where it is something else that was answered. */
function endOf(decision: Decision | Refusal): End | null {
  if (isRefusal(decision)) return decision.code === 'outcome_unknown' ? 'unknown' : null;
  const { answer } = decision;
  if (answer === null || typeof answer === 'string' || !('kernel_oopses' in answer)) return null;
  if (answer.result === 'kernel_oops') {
    const [first] = answer.kernel_oopses;
    return first !== undefined && EVICTING.has(first.at ?? '') ? 'oops' : null;
  }
  if (answer.result === 'blocked') return WAITS[answer.blocked_in ?? ''] ?? null;
  return answer.result === 'ok' ? 'ok' : null;
}

/** Mappings and descriptors that a command lets go of, where nothing of theirs is stale, locked or pinned; else null. */
function letGo(before: Host, command: Command): string[] | null {
  const { open_files, mappings, pins } = before.tables;
  if (command.type === 'close_file') return open_files.has(command.open_file) ? [command.open_file] : null;
  const own =
    command.type === 'munmap'
      ? [...mappings.values()].filter(({ id }) => id === command.mapping)
      : command.type === 'exit_process'
        ? [...mappings.values()].filter(({ pid }) => pid === command.pid)
        : null;
  if (own === null || own.some(({ id, pid }) => hasStale(before, id) || hasLockedMemory(before, pid)))
    return null;
  if (command.type !== 'exit_process') return own.map(({ id }) => id);
  if ([...pins.values()].some(({ pid }) => pid === command.pid)) return null;
  const opened = [...open_files.values()].filter(({ pid }) => pid === command.pid);
  return [...own, ...opened].map(({ id }) => id);
}

/** Whether a page of the device is mapped that is not of its present, living pgmap, or is System RAM. */
function hasStale(before: Host, id: string): boolean {
  const device = before.tables.dax_devices.get(before.tables.mappings.get(id)!.dax_device)!;
  const rows = rowsOf(before.entries.get(id) ?? NO_ENTRIES);
  for (let at = 0; at < rows.length; at += 4) {
    const bits = rows[at + 3]!;
    const kind = Math.floor(bits / 4) % 4;
    if (kind === 0 && (Math.floor(bits / 32) !== device.pgmap || device.pgmap_state !== 'live')) return true;
    if (kind === 3) return true;
  }
  return false;
}

test('[S1] [S4] [S5] [S10] the last user of an inode ends as its pages, one by one, say', () => {
  const met = new Map<End, number>();
  fc.assert(
    fc.property(anyLife, (story) => {
      judged(story, (before, _after, command, decision) => {
        const ids = letGo(before, command);
        const end = endOf(decision);
        if (ids === null || end === null) return;
        if (isLost(before)) {
          expect(end).toBe('unknown');
          return;
        }
        const ends = putEnds(before, ids);
        met.set(end, (met.get(end) ?? 0) + 1);
        expect([...(ends.size === 0 ? ['ok'] : ends)]).toContain(end);
      });
    }),
    cases(400),
  );
  expect(met.get('ok')).toBeGreaterThan(500);
  expect(met.get('oops')).toBeGreaterThan(3);
});

test('[S1] [S10] [S12] umount is EBUSY exactly while somebody uses it, and ends as the pages left say', () => {
  const met = new Map<string, number>();
  fc.assert(
    fc.property(anyLife, (story) => {
      judged(story, (before, _after, command, decision) => {
        if (command.type !== 'umount') return;
        const mount = before.tables.mounts.get(command.mount);
        if (mount === undefined) return;
        const end = endOf(decision);
        if (isLost(before)) {
          expect(end).toBe('unknown');
          return;
        }
        const used = busy(before, mount);
        const errno = isRefusal(decision) ? (decision.errno ?? null) : null;
        if (mount.state === 'shutting_down') {
          expect(errno).toBe('EINVAL');
          return;
        }
        expect(errno === 'EBUSY').toBe(used && !command.lazy && mount.state === 'mounted');
        if (used || mount.state !== 'mounted' || keptWithoutUser(before, mount)) return;
        const ends = umountEnds(before, mount);
        met.set(String(end), (met.get(String(end)) ?? 0) + 1);
        expect([...(ends.size === 0 ? ['ok'] : ends)]).toContain(end);
      });
    }),
    cases(400),
  );
  expect(met.get('ok')).toBeGreaterThan(50);
  expect(met.get('oops')).toBeGreaterThan(5);
});

test('no record dangles, and each state of a file and of a mount has what it stands for', () => {
  fc.assert(
    fc.property(anyLife, (story) => {
      judged(story, (_before, host) => {
        const { tables } = host;
        const dangling: string[] = [];
        const wants = (of: string, there: boolean): void => {
          if (!there) dangling.push(of);
        };
        const alive = (pid: number): boolean =>
          (tables.processes.get(String(pid))?.state ?? 'dead') !== 'dead';
        const shared = new Map<string, string>();
        for (const one of [...tables.open_files.values(), ...tables.mappings.values()]) {
          wants(`${one.id}: process`, alive(one.pid));
          wants(`${one.id}: device`, tables.dax_devices.has(one.dax_device));
          wants(`${one.id}: file`, one.file === null || tables.files.has(one.file));
          if (one.description === null) continue;
          const leads_to = `${one.dax_device} ${String(one.file)} ${String(one.device_instance)}`;
          wants(`${one.id}: description`, (shared.get(one.description) ?? leads_to) === leads_to);
          shared.set(one.description, leads_to);
        }
        for (const { id, pid, mapping } of tables.pins.values())
          wants(`${id}: process, mapping`, alive(pid) && (mapping === null || tables.mappings.has(mapping)));
        for (const { id, file_system, state } of tables.files.values()) {
          wants(`${id}: file system`, tables.file_systems.has(file_system));
          wants(`${id}: a user of what is unlinked`, state !== 'unlinked' || uses(host, id));
        }
        for (const mount of tables.mounts.values()) {
          wants(`${mount.id}: file system`, tables.file_systems.has(mount.file_system));
          const kept = mount.state !== 'lazy' || busy(host, mount) || keptWithoutUser(host, mount);
          wants(`${mount.id}: what keeps it`, kept);
        }
        for (const id of host.entries.keys())
          wants(`entries of ${id}`, tables.files.has(id) || tables.mappings.has(id));
        expect(dangling).toEqual([]);
      });
    }),
    cases(),
  );
});

test('[S2] what never ends stays until a reboot, and so do the entries of an ext4 file in use', () => {
  let kept = 0;
  fc.assert(
    fc.property(anyLife, (story) => {
      judged(story, (before, after, command) => {
        if (command.type === 'reboot' || command.type === 'delete_host') return;
        const { mounts, files, hosts, file_systems } = after.tables;
        for (const { id, state } of before.tables.mounts.values()) {
          if (state === 'shutting_down') expect(mounts.get(id)?.state).toBe('shutting_down');
        }
        for (const [name, { stuck }] of before.tables.hosts)
          expect(hosts.get(name)?.stuck).toEqual(expect.arrayContaining([...stuck]));
        for (const file of before.tables.files.values()) {
          if (file.state === 'freeing') expect(files.get(file.id)?.state).toBe('freeing');
          const isExt4 = file_systems.get(file.file_system)?.fs_type === 'ext4';
          const pages = isExt4 ? entryPages(before, file) : new Map<number, number>();
          if (pages.size === 0 || !uses(before, file.id) || !uses(after, file.id)) continue;
          kept += 1;
          const now = entryPages(after, file);
          expect([...pages.keys()].every((page) => now.has(page))).toBe(true);
        }
      });
    }),
    cases(),
  );
  expect(kept).toBeGreaterThan(1000);
});
