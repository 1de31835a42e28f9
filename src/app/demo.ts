import { readFile } from 'node:fs/promises';
import type { CreateMount, CreateProcess } from '../engine/model/use_command.ts';
import type { RecordOf } from '../engine/model/host.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName } from '../engine/model/vocabulary.ts';
import type { Submitted } from '../store/port.ts';
import type { ControlPlane } from './control_plane.ts';
import { INCIDENT_HOST, seedIncident, unbind, type Run } from './demo_incident.ts';
import type { NotTaken } from './inventory.ts';
import { OF_ITSELF } from './of_itself.ts';

/** The calls that the HTTP routes make, too. */
type DemoTarget = Pick<ControlPlane, 'submit' | 'get' | 'list' | 'importInventory'>;

/** Beside src/ and dist/ alike: `ndctl list -RBNDMXv` (76.1) as it printed, one file a kernel. */
const LISTINGS = new URL('../../demo/', import.meta.url);

/** The three profiles of the series run on 5.10; no listing was recorded for them with two dimms. */
const LISTING_OF: Readonly<Record<KernelName, string>> = {
  'v5.10': 'ndctl-list-v5.10.json',
  'force-unmap': 'ndctl-list-v5.10.json',
  'force-unmap-v5.10': 'ndctl-list-v5.10.json',
  'force-unmap-v5.12': 'ndctl-list-v5.10.json',
  'v6.1': 'ndctl-list-v6.1.json',
  'v6.12': 'ndctl-list-v6.12.json',
  'v7.3': 'ndctl-list-v7.3.json',
};

/** Every host of the fleet says of itself whether the seeding that made it has ended. */
const MADE = { demo: 'true' };
const BEING_MADE = { demo: 'being made' };

const FLEET = [...KERNEL_NAMES.map(nameOf), INCIDENT_HOST];

const MIB = 2 ** 20;
const FILE_BYTES = 8 * MIB;
const MAPPED_BYTES = 4 * MIB;

interface Volume {
  readonly mount: Omit<CreateMount, 'type'>;
  readonly path: string;
  readonly reader: Omit<CreateProcess, 'type'> & { readonly pid: number };
  readonly writer: Omit<CreateProcess, 'type'> & { readonly pid: number };
}

/** Two tenants: one on ext4, one on xfs with rmapbt and mkfs's four allocation groups. */
const VOLUMES: readonly Volume[] = [
  {
    mount: { dax_device: 'pmem0', path: '/mnt/orders', fs_type: 'ext4', dax: 'always', mkfs: true },
    path: '/orders.db',
    reader: { pid: 101, comm: 'orders-report', tenant: 'orders' },
    writer: { pid: 102, comm: 'orders-db', tenant: 'orders', sigbus: 'handled' },
  },
  {
    mount: {
      dax_device: 'pmem1',
      path: '/mnt/metrics',
      fs_type: 'xfs',
      dax: 'always',
      mkfs: true,
      rmapbt: true,
    },
    path: '/metrics.tsdb',
    reader: { pid: 201, comm: 'metrics-query', tenant: 'metrics' },
    writer: { pid: 202, comm: 'metrics-ingest', tenant: 'metrics', sigbus: 'handled' },
  },
];

/**
 * Fills an empty database with one host per kernel profile, so that a newcomer can remove a device at once:
 *
 *   node-<kernel> ─┬─ pmem0  ext4          /mnt/orders   a file, a reader and a writer that map 4 MiB of it
 *                  └─ pmem1  xfs, rmapbt   /mnt/metrics  the same
 *
 * and one host after a bad day (demo_incident.ts).
 *
 * Returns whether it did. A database with any host in it is left alone, but for hosts that a crash left half made:
 * these, and no others, are deleted and made anew, with those of the fleet that are not there.
 */
export async function seedDemo(controlPlane: DemoTarget): Promise<boolean> {
  const hosts = await controlPlane.list({ kind: 'hosts', filters: {}, limit: 1 });
  if (isRefusal(hosts)) return false;
  if (hosts.count > 0 && !(await clearHalfMade(controlPlane))) return false;
  const missing: string[] = [];
  for (const name of FLEET) if ((await hostOf(controlPlane, name)) === null) missing.push(name);
  const kernels = KERNEL_NAMES.filter((kernel) => missing.includes(nameOf(kernel)));
  await Promise.all(kernels.map((kernel) => seedHost(controlPlane, kernel)));
  if (missing.includes(INCIDENT_HOST)) await seedIncident(runOn(controlPlane, INCIDENT_HOST), BEING_MADE);
  for (const name of missing) await runOn(controlPlane, name)({ type: 'patch_host', labels: MADE });
  return true;
}

/** Deletes the hosts that say they are half made; false where there are none. */
async function clearHalfMade(controlPlane: DemoTarget): Promise<boolean> {
  let isHalfMade = false;
  for (const name of FLEET) {
    const host = await hostOf(controlPlane, name);
    if (host?.labels['demo'] !== BEING_MADE.demo) continue;
    isHalfMade = true;
    const run = runOn(controlPlane, name);
    // A removal on its way holds its host.
    await run({ type: 'reboot' });
    await run({ type: 'delete_host' });
  }
  return isHalfMade;
}

function hostOf(controlPlane: DemoTarget, name: string): Promise<RecordOf<'hosts'> | null> {
  return controlPlane.get('hosts', name, name);
}

function nameOf(kernel: KernelName): string {
  return `node-${kernel}`;
}

function runOn(controlPlane: DemoTarget, host: string): Run {
  return async (command) => answerOf(await controlPlane.submit({ host, command, origin: OF_ITSELF }));
}

async function seedHost(controlPlane: DemoTarget, kernel: KernelName): Promise<void> {
  const host = nameOf(kernel);
  const run = runOn(controlPlane, host);
  await run({ type: 'create_host', name: host, kernel, labels: BEING_MADE });
  const bytes = await readFile(new URL(LISTING_OF[kernel], LISTINGS));
  answerOf(await controlPlane.importInventory({ host, bytes, origin: OF_ITSELF }));
  await run({ type: 'patch_dax_device', dax_device: 'pmem0', tenant: 'orders' });
  await makeFsdax(run, 'pmem1', 'metrics');
  for (const volume of VOLUMES) await seedVolume(run, volume);
}

/** What `ndctl create-namespace -f -e namespace1.0 -m fsdax` does to an idle raw namespace: unbind, then bind anew. */
async function makeFsdax(run: Run, dax_device: string, tenant: string): Promise<void> {
  await unbind(run, dax_device, { via: 'nd_pmem' });
  await run({ type: 'bind', dax_device, mode: 'fsdax', tenant });
}

async function seedVolume(run: Run, volume: Volume): Promise<void> {
  const { id: mount } = await run({ type: 'create_mount', ...volume.mount });
  const { id: file } = await run({ type: 'create_file', mount, path: volume.path, size: FILE_BYTES });
  const mapping = {
    type: 'create_mapping',
    file,
    offset: 0,
    length: MAPPED_BYTES,
    flags: ['shared'],
  } as const;
  await run({ type: 'create_process', ...volume.reader });
  await run({ ...mapping, pid: volume.reader.pid, prot: 'r', populate: 'read' });
  await run({ type: 'create_process', ...volume.writer });
  await run({ ...mapping, pid: volume.writer.pid, prot: 'rw', populate: 'write' });
}

function answerOf<Answer>(submitted: Submitted<Answer> | NotTaken): Answer {
  if (submitted.status === 'done') return submitted.answer;
  const why = submitted.status === 'refused' ? submitted.refusal.detail : submitted.status;
  throw new Error(`the demo fleet cannot be made: ${why}`);
}
