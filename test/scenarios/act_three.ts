import type { TestBody } from '../support/server.ts';
import { post, remark, settle, tell, type Request, type Stage, type StageHost } from './stage.ts';
import { access, accessWords, exposureWords, HOST, removalWords } from './words.ts';

const isLetter = (host: StageHost): boolean => host.kernel === 'force-unmap';

/** The device becomes system RAM of the next tenant while an old mapping lives; then its memory is not let go. */
export async function systemRam(stage: Stage): Promise<void> {
  remark(stage, 'Tenant acme: ext4, one reader');
  await post(stage, 'dax-devices', {
    name: 'pmem0',
    mode: 'fsdax',
    size: '1GiB',
    phys_addr: '0x240000000',
    tenant: 'acme',
  });
  const how = { dax_device: 'pmem0', path: '/mnt/acme', fs_type: 'ext4', dax: 'always', mkfs: true };
  await post(stage, 'mounts', how, { as: 'mount' });
  await post(stage, 'files', { mount: '$mount', path: '/reader', size: '64MiB' }, { as: 'file' });
  await post(stage, 'processes', { pid: 101, comm: 'report', tenant: 'acme', sigbus: 'handled' });
  const shape = { offset: 0, length: '64MiB', flags: ['shared'], prot: 'r', populate: 'read' };
  await post(stage, 'mappings', { pid: 101, file: '$file', ...shape }, { as: 'reader' });
  remark(stage, 'Unbound, and given to tenant globex as system RAM');
  await unbind(stage);
  const ram = { mode: 'system-ram', tenant: 'globex' };
  await post(stage, 'dax-devices/pmem0/bind', ram, { show: bindWords });
  await fill(stage, 201);
  await tell(stage, { method: 'GET', path: '/v1/exposures?host=$host&open=true', show: exposureWords });
  await tell(stage, access('$reader', 'read'));
  remark(stage, 'The old reader ends');
  await tell(stage, { method: 'DELETE', path: `${HOST}/processes/101`, show: accessWords });
  await tell(stage, { method: 'GET', path: HOST, show: ({ health }) => ({ health }) });
  await leak(stage);
}

/** kmem is unbound while its memory is online. */
async function leak(stage: Stage): Promise<void> {
  remark(stage, 'kmem is unbound with its memory in use');
  await unbind(stage);
  const capacity = { method: 'GET', path: `${HOST}/capacity`, show: capacityWords } as const;
  await tell(stage, capacity);
  await tell(stage, access('$memory', 'read'));
  remark(stage, 'Nobody can have the range before a reboot');
  await post(stage, 'dax-devices/pmem0/bind', {}, { show: bindWords });
  await post(stage, 'reboot', {});
  const shown = ({ state, mode }: Readonly<Record<string, unknown>>) => ({ state, mode });
  await tell(stage, { method: 'GET', path: `${HOST}/dax-devices/pmem0`, show: shown });
  await tell(stage, capacity);
  remark(
    stage,
    'What the letter left open (FU11), switched on: memory_failure() of the range, then remove_memory()',
  );
  const wish = { proposed: { kmem_memory_failure: true } };
  await tell(stage, { method: 'PATCH', path: HOST, body: wish, where: isLetter });
  await unbind(stage, isLetter);
  await post(stage, 'dax-devices/pmem0/bind', { mode: 'system-ram' }, { where: isLetter, show: bindWords });
  await fill(stage, 202, isLetter);
  await unbind(stage, isLetter);
  await tell(stage, { ...capacity, where: isLetter });
  await tell(stage, { ...access('$memory', 'read'), where: isLetter });
}

/** A process of globex with anonymous memory in the new range. */
async function fill(
  stage: Stage,
  pid: number,
  where: (host: StageHost) => boolean = () => true,
): Promise<void> {
  await post(stage, 'processes', { pid, comm: 'payroll', tenant: 'globex', sigbus: 'handled' }, { where });
  const shape = { offset: 0, length: '512MiB', flags: ['private'], prot: 'rw', populate: 'write' };
  await post(stage, 'mappings', { pid, dax_device: 'pmem0', ...shape }, { as: 'memory', where });
}

async function unbind(stage: Stage, where: Request['where'] = () => true): Promise<void> {
  await post(stage, 'dax-devices/pmem0/remove', { trigger: 'unbind' }, { as: 'removal', where });
  await settle(stage);
  await tell(stage, { method: 'GET', path: '/v1/removals/$removal', where, show: removalWords });
}

function bindWords(body: TestBody): unknown {
  const { state, mode, generation, result, blocked_in } = body as unknown as Record<string, unknown>;
  return { state, mode, generation, result, ...(blocked_in === null ? {} : { blocked_in }) };
}

function capacityWords(body: TestBody): unknown {
  const mib = (bytes: unknown): string => `${String(Number(bytes) / 2 ** 20)} MiB`;
  return {
    total: mib(body['total']),
    free: mib(body['free']),
    used: mib(body['used']),
    leaked: mib(body['leaked']),
  };
}
