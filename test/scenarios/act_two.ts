import { post, remark, settle, tell, type Stage, type StageHost } from './stage.ts';
import { accessWords, HOST, removalWords } from './words.ts';

const isLetter = (host: StageHost): boolean => host.kernel === 'force-unmap';

/** A longterm pin on device-dax: who waits for it, and what its release does where nobody did. */
export async function longtermPin(stage: Stage): Promise<void> {
  remark(stage, 'Tenant acme: device-dax, registered as the packet memory of AF_XDP');
  await post(stage, 'dax-devices', { name: 'dax0.0', mode: 'devdax', size: '1GiB', tenant: 'acme' });
  await post(stage, 'processes', { pid: 301, comm: 'switchd', tenant: 'acme', sigbus: 'handled' });
  await pin(stage);
  await unbind(stage);
  remark(stage, 'The socket is closed');
  await tell(stage, { method: 'DELETE', path: `${HOST}/pins/$pin`, show: accessWords });
  await settle(stage);
  await tell(stage, { method: 'GET', path: '/v1/removals/$removal', show: removalWords });
  await tell(stage, { method: 'GET', path: HOST, show: ({ health }) => ({ health }) });
  remark(stage, 'Bound again, for tenant globex');
  await tell(stage, bind);
  remark(stage, 'What the letter left open (FU9), switched on: memory_failure() of device-dax too');
  await tell(stage, proposed('devdax_memory_failure'));
  await pin(stage, isLetter);
  await unbind(stage, isLetter);
}

const bind = {
  method: 'POST',
  path: `${HOST}/dax-devices/dax0.0/bind`,
  body: { tenant: 'globex' },
  show: ({ state, result, blocked_in }: Readonly<Record<string, unknown>>) => {
    return { state, result, ...(blocked_in === null ? {} : { blocked_in }) };
  },
} as const;

function proposed(parameter: string) {
  return { method: 'PATCH', path: HOST, body: { proposed: { [parameter]: true } }, where: isLetter } as const;
}

async function pin(stage: Stage, where: (host: StageHost) => boolean = () => true): Promise<void> {
  const shape = { offset: 0, length: '4MiB', flags: ['shared'], prot: 'rw', populate: 'write' };
  await post(stage, 'mappings', { pid: 301, dax_device: 'dax0.0', ...shape }, { as: 'umem', where });
  const held = { pid: 301, mapping: '$umem', offset: 0, length: '2MiB', kind: 'longterm', holder: 'xdp' };
  await post(stage, 'pins', held, { as: 'pin', where });
}

async function unbind(stage: Stage, where: (host: StageHost) => boolean = () => true): Promise<void> {
  remark(stage, 'device_dax is unbound');
  const how = { trigger: 'unbind', via: 'device_dax' };
  await post(stage, 'dax-devices/dax0.0/remove', how, { as: 'removal', where });
  await settle(stage);
  await tell(stage, { method: 'GET', path: '/v1/removals/$removal', where, show: removalWords });
}
