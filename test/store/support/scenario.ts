import type { Command } from '../../../src/engine/model/command.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import type { Store, Submitted } from '../../../src/store/port.ts';

const MIB = 1024 * 1024;

/** A host whose process 42 maps and has written a file on pmem0 (mount m2, file f3, mapping v4), and pins it (p5). */
export function mappedAndPinned(host: string, kernel: KernelName): Command[] {
  return [
    { type: 'create_host', name: host, kernel },
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 256 * MIB, tenant: 'red' },
    { type: 'create_mount', dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true },
    { type: 'create_file', mount: 'm2', path: '/mnt/a', size: 8 * MIB },
    { type: 'create_process', pid: 42, comm: 'redis', sigbus: 'handled' },
    {
      type: 'create_mapping',
      pid: 42,
      file: 'f3',
      offset: 0,
      length: 4 * MIB,
      flags: ['shared'],
      prot: 'rw',
      populate: 'write',
    },
    {
      type: 'create_pin',
      pid: 42,
      mapping: 'v4',
      offset: 0,
      length: 4096,
      kind: 'transient',
      holder: 'direct_io',
    },
  ];
}

/** Submits one after another; throws where one is not done. */
export async function submitAll(
  store: Store,
  host: string,
  commands: readonly Command[],
): Promise<Submitted[]> {
  const all: Submitted[] = [];
  for (const command of commands) {
    const submitted = await store.submit({ host, command });
    if (submitted.status !== 'done') throw new Error(`${command.type}: ${JSON.stringify(submitted)}`);
    all.push(submitted);
  }
  return all;
}
