import { expect } from 'vitest';
import type { TestServer } from './server.ts';

/** Makes a file system on pmem0 of a host, and a process that maps a file of 2 MiB on it. `host`: its URL. */
export async function mapOnPmem0(
  server: Pick<TestServer, 'call'>,
  host: string,
  fs: { readonly fs_type: 'ext4' | 'xfs'; readonly rmapbt?: boolean },
): Promise<void> {
  const make = async (what: string, body: object): Promise<string> => {
    const { status, text, json } = await server.call('POST', `${host}/${what}`, body);
    expect(status, text).toBe(201);
    return json.id;
  };
  await make('processes', { pid: 42, comm: 'redis' });
  const mount = await make('mounts', { dax_device: 'pmem0', path: '/mnt', dax: 'always', mkfs: true, ...fs });
  const file = await make('files', { mount, path: '/mnt/a', size: '2MiB' });
  const range = { pid: 42, file, offset: 0, length: '2MiB' };
  await make('mappings', { ...range, flags: ['shared'], prot: 'rw', populate: 'write' });
}
