import type { TestBody } from '../support/server.ts';
import { post, remark, settle, tell, type Stage, type StageHost } from './stage.ts';
import { HOST } from './words.ts';

const isClean = ({ kept }: StageHost): boolean =>
  advised(kept.get('holders')?.body)[0]?.action === 'clean_up';
const everybody = (): boolean => true;

/** What an administrator does after an unbind: asks, does what the answer says, and what comes of it without asking. */
export async function cleanUp(stage: Stage): Promise<void> {
  remark(stage, 'An ext4 that a process maps and stores into; its device is unbound');
  await unbound(stage, { device: 'pmem0', phys_addr: '0x240000000', path: '/mnt/a', pid: 401 });
  remark(stage, 'What do I do now? The report says what will happen');
  await tell(stage, { method: 'GET', path: '/v1/removals/$removal', show: hazardWords });
  remark(stage, 'and who asks for the holders of the device is advised');
  const holders = { method: 'GET', path: `${HOST}/dax-devices/pmem0/holders`, keep: 'holders' } as const;
  await tell(stage, {
    ...holders,
    show: (body) => advised(body).map(({ action, targets }) => [action, targets]),
  });
  remark(stage, 'Done in that order, where there is one');
  await bind(stage, 'pmem0', isClean);
  await kill(stage, 401, isClean);
  await umount(stage, isClean);
  await remount(stage, 'pmem0', '/mnt/a', isClean);
  remark(stage, 'The same on another device, by who does not ask: the process is killed, then umount');
  await unbound(stage, { device: 'pmem1', phys_addr: '0x340000000', path: '/mnt/b', pid: 402 });
  await kill(stage, 402, everybody);
  await umount(stage, everybody);
  await bind(stage, 'pmem1', everybody);
  await remount(stage, 'pmem1', '/mnt/c', everybody);
  await tell(stage, { method: 'GET', path: HOST, show: ({ health }) => ({ health }) });
  const again = { method: 'GET', path: `${HOST}/dax-devices/pmem1/holders` } as const;
  await tell(stage, { ...again, show: (body) => body.items.map(({ kind, id }) => `${String(kind)} ${id}`) });
  remark(stage, 'Only a reboot is left');
  await post(stage, 'reboot', {});
  await remount(stage, 'pmem1', '/mnt/c', everybody);
}

interface Used {
  readonly device: string;
  readonly phys_addr: string;
  readonly path: string;
  readonly pid: number;
}

async function unbound(stage: Stage, { device, phys_addr, path, pid }: Used): Promise<void> {
  await post(stage, 'dax-devices', { name: device, mode: 'fsdax', size: '1GiB', phys_addr });
  const how = { dax_device: device, path, fs_type: 'ext4', dax: 'always', mkfs: true };
  await post(stage, 'mounts', how, { as: 'mount' });
  await post(stage, 'files', { mount: '$mount', path: '/data', size: '4MiB' }, { as: 'file' });
  await post(stage, 'processes', { pid, comm: 'db', sigbus: 'handled' });
  const shape = { offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw', populate: 'write' };
  await post(stage, 'mappings', { pid, file: '$file', ...shape });
  await post(stage, `dax-devices/${device}/remove`, { trigger: 'unbind' }, { as: 'removal' });
  await settle(stage);
}

function bind(stage: Stage, device: string, where: (host: StageHost) => boolean): Promise<void> {
  const path = `${HOST}/dax-devices/${device}/bind`;
  return tell(stage, { method: 'POST', path, where, show: ({ result }) => ({ result }) });
}

function kill(stage: Stage, pid: number, where: (host: StageHost) => boolean): Promise<void> {
  return tell(stage, {
    method: 'DELETE',
    path: `${HOST}/processes/${String(pid)}`,
    where,
    show: outcomeWords,
  });
}

function umount(stage: Stage, where: (host: StageHost) => boolean): Promise<void> {
  return tell(stage, { method: 'DELETE', path: `${HOST}/mounts/$mount`, where, show: outcomeWords });
}

function remount(
  stage: Stage,
  dax_device: string,
  path: string,
  where: (host: StageHost) => boolean,
): Promise<void> {
  const how = { dax_device, path, fs_type: 'ext4', dax: 'always' };
  return post(stage, 'mounts', how, { as: 'mount', where, show: ({ state }) => ({ state }) });
}

function outcomeWords(body: TestBody): unknown {
  const oopses = (body['kernel_oopses'] as readonly { at: string }[]).map(({ at }) => at);
  return { result: body['result'], ...(oopses.length === 0 ? {} : { kernel_oopses: oopses }) };
}

function hazardWords(body: TestBody): unknown {
  const hazards = body['hazards'] as readonly { kind: string; detail: string }[];
  const own = hazards.filter(({ kind }) => kind === 'unsafe_clean_up').map(({ detail }) => detail);
  return { verdict: body['verdict'], unsafe_clean_up: own };
}

interface Advised {
  readonly action: string;
  readonly targets: readonly string[];
}

function advised(body: TestBody | undefined): readonly Advised[] {
  return (body?.['advice'] ?? []) as readonly Advised[];
}
