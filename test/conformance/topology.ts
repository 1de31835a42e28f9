import { actualCommand, expectedCommand } from './answer.ts';
import type { Given } from './recording.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';
import { mountOf, mountPoints } from './view.ts';
import type { RecordingView } from './view.ts';

const NVDIMM_BYTES = 1054867456;
const GIB = 1073741824;
const FILE_BYTES = 4194304;
const ALIGNMENTS: Readonly<Record<string, number>> = { '4K': 4096, '2M': 2097152, '1G': GIB };

/** The guest before anything runs: host, device, file systems, and the files that processes will map. */
export function topologySteps(view: RecordingView): Step[] {
  const steps = [hostStep(view), deviceStep(view)];
  const { mount } = view.observed;
  if (mount !== undefined) return [...steps, refusableMount(view, '/mnt/a', expectedCommand(mount))];
  if (view.devdax) return steps;
  const probe = view.given.mount_with_dax;
  if (probe !== undefined) steps.push(...daxProbe(view, expectedCommand(probe)));
  for (const { path, partition } of mountPoints(view.given)) steps.push(mountStep(view, path, partition));
  return [...steps, ...fileSteps(view)];
}

export function hostStep(view: RecordingView): Step {
  const early = view.given['vm.memory_failure_early_kill'] ?? 0;
  return setup('host', (world) => {
    const body = { name: world.host, kernel: view.kernel, sysctl: { memory_failure_early_kill: early } };
    return world.call('POST', '/v1/hosts', body);
  });
}

function deviceStep(view: RecordingView): Step {
  return setup('dax device', (world) =>
    world.call('POST', hostPath(world, '/dax-devices'), deviceBody(view)),
  );
}

/** The device by topology: an NFIT namespace, legacy e820 pmem, virtio-pmem, or soft-reserved memory. */
function deviceBody(view: RecordingView): Body {
  const { given, device } = view;
  if (view.devdax) {
    const shown = typeof given.device === 'object' ? given.device : { size: NVDIMM_BYTES, align: '2M' };
    const align = ALIGNMENTS[shown.align] ?? 2097152;
    const provider = given.topology === 'hmem' ? 'hmem' : 'ACPI.NFIT';
    return { name: device, mode: 'devdax', size: shown.size, align, provider, numa_node: 0 };
  }
  if (given.topology === 'e820' || given.topology === 'virtio-pmem') {
    const provider = given.topology === 'e820' ? 'e820' : 'virtio-pmem';
    const size = provider === 'e820' ? GIB : GIB / 2;
    return { name: device, mode: 'fsdax', size, align: 2097152, provider, map: 'mem', numa_node: 0 };
  }
  const mode = /^(?:raw|sector)/.exec(given.namespace?.mode ?? '')?.[0];
  if (mode !== undefined) return { name: device, mode, size: GIB, provider: 'ACPI.NFIT', numa_node: 0 };
  return {
    name: device,
    mode: 'fsdax',
    size: NVDIMM_BYTES,
    align: 2097152,
    provider: 'ACPI.NFIT',
    numa_node: 0,
    target_node: 1,
  };
}

/** ext4 or xfs: named, or the file system part of a device that is only named by both (`fsdax-ext4`). */
export function fsType(given: Given): 'ext4' | 'xfs' {
  const named = given.filesystem ?? (typeof given.device === 'string' ? given.device : '');
  return named.includes('xfs') ? 'xfs' : 'ext4';
}

/** What `mkfs` and `mount -o` were told. */
export function mountBody(view: RecordingView, path: string, partition: number | null, dax: string): Body {
  const { given } = view;
  const fs_type = fsType(given);
  const features = fs_type === 'xfs' ? xfsFeatures(given) : {};
  const part = partition === null ? {} : { partition };
  return { dax_device: view.device, path, fs_type, dax, mkfs: true, ...features, ...part };
}

function xfsFeatures(given: Given): Body {
  const named = typeof given.device === 'string' ? given.device : '';
  const mkfs = given.mkfs ?? '';
  const agcount = /agcount=(\d+)/.exec(mkfs)?.[1] ?? /-(\d+)ag$/.exec(named)?.[1];
  return {
    rmapbt: mkfs.includes('rmapbt=1') || named.includes('rmapbt'),
    reflink: mkfs.includes('reflink=1'),
    ...(agcount === undefined ? {} : { agcount: Number(agcount) }),
  };
}

export function mountStep(view: RecordingView, path: string, partition: number | null): Step {
  const dax = /^dax=(always|inode|never)/.exec(view.given.mount_options ?? '')?.[1] ?? 'always';
  const body = mountBody(view, path, partition, dax);
  return setup(
    `mount ${path}`,
    (world) => world.call('POST', hostPath(world, '/mounts'), body),
    (made, world) => world.ids.set(`mount:${path}`, String(made.id)),
  );
}

/** A mount that the kernel may refuse, as the observation it is. */
function refusableMount(view: RecordingView, path: string, expected: string): Step {
  return {
    label: `mount ${path}`,
    request: async (world) => {
      const reply = await world.call(
        'POST',
        hostPath(world, '/mounts'),
        mountBody(view, path, null, 'always'),
      );
      if (reply.status < 300) world.ids.set(`mount:${path}`, String(reply.body.id));
      return reply;
    },
    checks: [{ name: `mount -o dax=always ${path}`, class: 'core', expected, actual: actualCommand }],
  };
}

/** `mount -o dax=always` tried at /mnt/x, before the mount without DAX that is used. */
function daxProbe(view: RecordingView, expected: string): Step[] {
  const unmount: Step = {
    label: 'umount /mnt/x',
    checks: [],
    request: async (world): Promise<Reply> => {
      const mount = world.ids.get('mount:/mnt/x');
      if (mount === undefined) return { status: 204, body: {}, headers: {} };
      return world.call('DELETE', hostPath(world, `/mounts/${mount}`));
    },
  };
  return [refusableMount(view, '/mnt/x', expected), unmount];
}

function fileSteps(view: RecordingView): Step[] {
  const sizes = new Map<string, number>();
  for (const [, { file, length }] of view.processes) {
    if (file === undefined || mountOf(view.given, file) === null) continue;
    sizes.set(file, Math.max(sizes.get(file) ?? FILE_BYTES, length ?? 0));
  }
  return [...sizes].flatMap(([file, size]) => [
    fileStep(view.given, file, size),
    ...(foundNoDax(view.given, file) ? [fillStep(file, size)] : []),
  ]);
}

/** Whether the mount asked for DAX and found none: its files were filled like any other, and are all in the page cache. */
export function foundNoDax({ mount_line = [], mount_options = '' }: Given, file: string): boolean {
  const line = mount_line.find((one) => file.startsWith(`${one.split(' ')[1] ?? ''}/`)) ?? '';
  return mount_options.includes('dax=always') && line.includes('dax=never');
}

function fillStep(file: string, length: number): Step {
  return setup(`fill ${file}`, async (world) => {
    const { body } = await world.call('POST', hostPath(world, '/processes'), { comm: 'setup' });
    const io = hostPath(world, `/files/${idOf(world, `file:${file}`)}/io`);
    const whole = { pid: body.pid, offset: 0, length };
    await world.call('POST', io, { ...whole, kind: 'pwrite' });
    const filled = await world.call('POST', io, { ...whole, kind: 'fsync' });
    await world.call('DELETE', hostPath(world, `/processes/${String(body.pid)}`));
    return filled;
  });
}

export function fileStep(given: Given, file: string, size: number): Step {
  const mount = mountOf(given, file) ?? '/mnt/a';
  return setup(
    `file ${file}`,
    (world) => createFile(world, mount, file, size),
    (made, world) => world.ids.set(`file:${file}`, String(made.id)),
  );
}

/** A file is named by its path below the mount point: the file system may be mounted elsewhere later. */
export function createFile(world: World, mount: string, file: string, size: number): Promise<Reply> {
  const body = { mount: idOf(world, `mount:${mount}`), path: file.slice(mount.length), size };
  return world.call('POST', hostPath(world, '/files'), body);
}
