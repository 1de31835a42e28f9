import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, type Rig } from './rig.ts';
import { addFile, addMapper, addMount, addProcess, DEVICE, MIB, removeDevice, returned } from './support.ts';

/** Kernels that do not count what refers to a DAX page. */
export const OLD = [
  'v5.10',
  'force-unmap',
  'force-unmap-v5.10',
  'force-unmap-v5.12',
  'v6.1',
  'v6.12',
] as const;
export const ALL = [...OLD, 'v7.3'] as const;
/** Where an eviction that never ends waits. */
export const WAITS_IN = 'dax_break_layout_final';

export const bind = (rig: Rig, more: object = {}) =>
  rig.made.run({ type: 'bind', dax_device: DEVICE, ...more });
export const end = (rig: Rig, pid: number) => rig.made.run({ type: 'exit_process', pid });
export const stateOf = (rig: Rig, mount = rig.mount) =>
  rig.made.host.tables.mounts.get(mount)?.state ?? 'gone';

/** What umount gives: its outcome, or the errno or code of its refusal. */
export function umount(rig: Rig, { lazy = false, mount = rig.mount } = {}): object {
  const decision = rig.made.try({ type: 'umount', mount, lazy });
  return isRefusal(decision) ? decision : decision.answer;
}

export function oopsOf(kernel: KernelName, task: 'caller' | 'process') {
  const at = kernel === 'v7.3' ? 'dax_layout_busy_page_range' : 'dax_disassociate_entry';
  return { result: 'kernel_oops', kernel_oopses: [{ at, task }] };
}

/** A process with a descriptor of a file that was mapped and touched, and is not mapped any more. */
export function opener(rig: Rig, path?: string) {
  const pid = addProcess(rig.made);
  const open = () =>
    returned(rig.made.run({ type: 'open_file', pid, file: rig.file(path), flags: ['rdwr'] })).id;
  const open_file = open();
  const { pid: other, mapping } = rig.mapper({ touched: 'write' }, path);
  rig.made.run({ type: 'munmap', mapping });
  end(rig, other);
  return { pid, open_file };
}

/** A new file system whose file takes the pages of a mapping from before the removal. */
export function taken(kernel: KernelName, small: boolean) {
  const rig = ext4(kernel);
  const old = rig.mapper({ touched: 'write', small });
  removeDevice(rig.made);
  return { rig, old, ...newcomer(rig) };
}

/** The same of a file that is open, and not mapped any more. */
export function takenOpen(kernel: KernelName) {
  const rig = ext4(kernel);
  const { open_file } = opener(rig);
  removeDevice(rig.made);
  return { rig, open_file, ...newcomer(rig) };
}

function newcomer(rig: Rig) {
  bind(rig);
  umount(rig, { lazy: true });
  const { id: mount } = addMount(rig.made, { fs_type: 'xfs', path: '/mnt/b' });
  const file = addFile(rig.made, mount, '/f', 40 * MIB);
  const tenant = addMapper(rig.made, { file, length: 40 * MIB, touched: 'write' });
  return { mount, file, tenant };
}
