export const HOST = 'bench';
export const MAPPINGS = 100;

/** A host with a device, a file on it, a process, and the mappings, from v4 on. */
export async function fillOverHttp(url: string): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${path}: ${await answer.text()}`);
  };
  const host = `/v1/hosts/${HOST}`;
  await post('/v1/hosts', { name: HOST, kernel: 'v6.12' });
  await post(`${host}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const mount = { dax_device: 'pmem0', path: '/mnt', fs_type: 'xfs', dax: 'always', mkfs: true };
  await post(`${host}/mounts`, mount);
  await post(`${host}/files`, { mount: 'm2', path: '/file', size: '4MiB' });
  await post(`${host}/processes`, { pid: 1, comm: 'bench' });
  const mapping = { pid: 1, file: 'f3', offset: 0, length: '4KiB', flags: ['shared'], prot: 'rw' };
  for (let at = 0; at < MAPPINGS; at += 1) await post(`${host}/mappings`, mapping);
}
