import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeEach, afterEach);

const at = '/v1/hosts/node-a';

/** A device that a removal takes from so many processes, each of which gets a signal. */
async function removed(processes: number): Promise<RemovalRecord> {
  const make = async (url: string, body: unknown) => {
    const { status, text, json } = await server.call('POST', url, body);
    expect([status < 300, text]).toEqual([true, text]);
    return json;
  };
  await make('/v1/hosts', { name: 'node-a', kernel: 'force-unmap' });
  await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const mount = { dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
  const { id } = await make(`${at}/mounts`, mount);
  const file = await make(`${at}/files`, { mount: id, path: '/data', size: '2MiB' });
  for (let pid = 100; pid < 100 + processes; pid += 1) {
    await make(`${at}/processes`, { pid, comm: 'redis', mce_kill: 'early', sigbus: 'handled' });
    const mapping = {
      pid,
      file: file.id,
      offset: 0,
      length: '2MiB',
      flags: ['shared'],
      prot: 'r',
      populate: 'read',
    };
    await make(`${at}/mappings`, mapping);
  }
  const begun = await make(`${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  const ended = await server.controlPlane.waitForRemoval(begun.uid, 600_000);
  if (ended === null) throw new Error('no removal');
  return ended;
}

test.each([3, 100, 130])(
  'a removal of %i signals is listed with as many as its own GET has',
  async (processes) => {
    const { id, report } = await removed(processes);
    expect(report.signals).toHaveLength(processes);
    const { json } = await server.call('GET', `/v1/removals/${id}`);
    const listed = await server.call('GET', '/v1/removals');
    expect(listed.json.items).toEqual([json]);
    const shown = (json['report'] as RemovalRecord['report']).signals;
    expect(shown).toEqual(report.signals.slice(0, 100));
    const all = await server.call('GET', `/v1/removals/${id}/signals?limit=500`);
    expect(all.json.items).toEqual(report.signals);
  },
);
