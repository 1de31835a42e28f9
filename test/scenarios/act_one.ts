import { post, remark, settle, tell, type Stage, type StageHost } from './stage.ts';
import { access, accessWords, exposureWords, HOST, removalWords } from './words.ts';

/** A file system as a mount is asked for it. */
export type FileSystem = Readonly<Record<string, unknown>>;

const isWaiting = (host: StageHost): boolean => host.kept.get('removal')?.body['state'] === 'waiting';
const isStuck = (host: StageHost): boolean => host.kept.get('removal')?.body['state'] === 'stuck';

/** Surprise removal while mounted, mapped and pinned; a replacement under another tenant; who reads and writes what. */
export async function replacedCard(stage: Stage, first: FileSystem, next: FileSystem): Promise<void> {
  remark(stage, 'Tenant acme: a file system, four processes that map a file each, a page of one in a pipe');
  await prepare(stage, first);
  await pullTheCard(stage);
  remark(stage, 'No card: what a load of a page that is still mapped returns is up to the bus');
  await tell(stage, access('$reader', 'read'));
  await nextTenant(stage, next);
  const exposures = {
    method: 'GET',
    path: '/v1/exposures?host=$host&open=true',
    show: exposureWords,
  } as const;
  remark(stage, 'Who reaches whose pages');
  await tell(stage, { ...exposures, keep: 'exposures' });
  remark(stage, 'What the processes of acme get');
  await tell(stage, access('$reader', 'read', '101 reads'));
  await tell(stage, access('$early', 'read', '102 reads'));
  await tell(stage, access('$early', 'write', '102 writes'));
  await tell(stage, access('$writer', 'read', '103 reads'));
  await tell(stage, access('$writer', 'write', '103 writes'));
  remark(stage, 'They end');
  for (const pid of [101, 102, 103]) {
    await tell(stage, { method: 'DELETE', path: `${HOST}/processes/${String(pid)}`, show: accessWords });
  }
  await tell(stage, exposures);
}

/** Mounts, maps and pins: a reader, an early-kill policy, a writer that never pauses, a page in a pipe. */
async function prepare(stage: Stage, first: FileSystem): Promise<void> {
  const medium = { size: '1GiB', phys_addr: '0x240000000', media_serial: '0xca4d1' };
  await post(stage, 'dax-devices', { name: 'pmem0', mode: 'fsdax', ...medium, tenant: 'acme' });
  const how = { dax_device: 'pmem0', path: '/mnt/acme', dax: 'always', mkfs: true };
  await post(stage, 'mounts', { ...how, ...first }, { as: 'mount' });
  const cast = [
    { name: 'reader', pid: 101, comm: 'report', mce_kill: 'default', prot: 'r', populate: 'read' },
    { name: 'early', pid: 102, comm: 'cache', mce_kill: 'early', prot: 'rw', populate: 'write' },
    { name: 'writer', pid: 103, comm: 'ingest', mce_kill: 'default', prot: 'rw', populate: 'write' },
    { name: 'piper', pid: 104, comm: 'backup', mce_kill: 'default', prot: 'r', populate: 'read' },
  ] as const;
  for (const { name, pid, comm, mce_kill, prot, populate } of cast) {
    await post(stage, 'files', { mount: '$mount', path: `/${name}`, size: '4MiB' }, { as: `file_${name}` });
    await post(stage, 'processes', { pid, comm, tenant: 'acme', mce_kill, sigbus: 'handled' });
    const activity = name === 'writer' ? { activity: 'storing' } : {};
    const shape = { offset: 0, length: '2MiB', flags: ['shared'], prot, populate, ...activity };
    await post(stage, 'mappings', { pid, file: `$file_${name}`, ...shape }, { as: name });
  }
  const pin = {
    pid: 104,
    mapping: '$piper',
    offset: 0,
    length: '16KiB',
    kind: 'transient',
    holder: 'vmsplice',
  };
  await post(stage, 'pins', pin, { as: 'pin' });
}

async function pullTheCard(stage: Stage): Promise<void> {
  remark(stage, 'The card is pulled');
  const pulled = { action: 'surprise_removal', dax_device: 'pmem0' };
  await post(stage, 'hotplug-events', pulled, { keep: 'pulled' });
  for (const host of stage.hosts) host.names.set('removal', String(host.kept.get('pulled')?.body.removal));
  await settle(stage);
  const removal = {
    method: 'GET',
    path: '/v1/removals/$removal',
    keep: 'removal',
    show: removalWords,
  } as const;
  await tell(stage, removal);
  remark(stage, 'Where the removal waits for it, the pipe is drained');
  await tell(stage, { method: 'DELETE', path: `${HOST}/pins/$pin`, where: isWaiting, show: accessWords });
  await settle(stage);
  await tell(stage, { ...removal, where: isWaiting });
}

/** Another card in the same slot, another tenant, a new file system over the same pages. */
async function nextTenant(stage: Stage, next: FileSystem): Promise<void> {
  remark(stage, 'Another card at the same address, for tenant globex');
  const media = { media_serial: '0xca4d2', size: '1GiB' };
  await post(stage, 'hotplug-events', { action: 'replace', dax_device: 'pmem0', media, tenant: 'globex' });
  const where = (host: StageHost): boolean => !isStuck(host);
  await tell(stage, {
    method: 'POST',
    path: `${HOST}/dax-devices/pmem0/bind`,
    where,
    show: ({ state, generation, media_serial, tenant }) => ({ state, generation, media_serial, tenant }),
  });
  const how = { dax_device: 'pmem0', path: '/mnt/globex', dax: 'always', mkfs: true };
  await post(stage, 'mounts', { ...how, ...next }, { as: 'new_mount', where });
  await post(
    stage,
    'files',
    { mount: '$new_mount', path: '/secrets', size: '64MiB' },
    { as: 'secrets', where },
  );
  await post(stage, 'processes', { pid: 201, comm: 'payroll', tenant: 'globex' }, { where });
  const shape = { offset: 0, length: '64MiB', flags: ['shared'], prot: 'rw', populate: 'write' };
  await post(stage, 'mappings', { pid: 201, file: '$secrets', ...shape }, { where });
}
