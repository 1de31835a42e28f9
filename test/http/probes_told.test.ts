import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mapOnPmem0 } from '../support/mapped.ts';
import { newHosts } from '../support/new_host.ts';
import { serve, type TestAnswer } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const host = newHosts(server);
const RHEL_9 = '5.14.0-503.el9.x86_64';
const POLICY = '/sys/devices/system/memory/auto_online_blocks';

/** All that can be looked up on a host, of a kernel with the changes of up to 6.14. */
const ALL = {
  symbols: {
    dax_holder_notify_failure: true,
    mf_dax_kill_procs: true,
    fs_bdev_mark_dead: true,
    fs_mark_dead: false,
    xfs_dax_notify_ddev_failure: true,
    xfs_dax_notify_dev_failure: false,
    vmf_insert_folio_pmd: false,
    memblk_nr_poison_inc: true,
    io_release_ubuf: false,
    io_buffer_unmap: true,
  },
  btf: { 'mf_flags.MF_MEM_PRE_REMOVE': true, 'dev_pagemap.ref': 'struct', 'dev_pagemap.vmemmap_shift': true },
  sysfs: {
    '/sys/devices/system/node/node0/memory_failure': true,
    [POLICY]: 'online',
    '/sys/bus/dax/devices/dax0.0/state': false,
    '/sys/bus/cxl': true,
    '/sys/bus/cxl/devices/region0/mode': 'ram',
  },
};

interface Asking {
  readonly probes: readonly string[];
}

const namesIn = (probes: object): string[] =>
  Object.values(probes).flatMap((kind: object) => Object.keys(kind));
const isOf = (names: readonly string[]) => (shown: string) =>
  names.some((name) => shown.split(' ')[0] === name);

async function unknownOf(at: string): Promise<readonly (Asking & { readonly id: string })[]> {
  return (await server.call('GET', `${at}/kernel`)).json['unknown'] as never;
}

/** An xfs with rmapbt, mapped, on a device of pmem. */
async function mapped(at: string): Promise<void> {
  const device = { name: 'pmem0', mode: 'fsdax', size: '1GiB' };
  expect((await server.call('POST', `${at}/dax-devices`, device)).status).toBe(201);
  await mapOnPmem0(server, at, { fs_type: 'xfs', rmapbt: true });
}

const unbind = (at: string): Promise<TestAnswer> =>
  server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });

describe('[KREL10] what a host was told', () => {
  test('is asked for nowhere, one probe after the other', async () => {
    const at = await host({ kernel_release: RHEL_9 });
    await mapped(at);
    const told: Record<string, Record<string, unknown>> = {};
    for (const [kind, names] of Object.entries(ALL)) {
      for (const [name, answer] of Object.entries(names)) {
        told[kind] = { ...told[kind], [name]: answer };
        await server.call('PATCH', at, { kernel_probes: told });
        const isTold = isOf(namesIn(told));
        expect((await unknownOf(at)).flatMap(({ probes }) => probes).filter(isTold)).toEqual([]);
        const refused = await server.call('POST', `${at}/dax-devices/pmem0/remove?dry_run=true`, {
          trigger: 'unbind',
        });
        const depends_on = refused.json['depends_on'] as readonly Asking[];
        expect(depends_on.flatMap(({ probes }) => probes).filter(isTold)).toEqual([]);
      }
    }
  });

  /** What a refused unbind says behind the facts: how they may be settled. */
  async function howSettled(kernel_probes: object): Promise<string> {
    const at = await host({ kernel_release: RHEL_9, kernel_probes });
    await mapped(at);
    const { status, json } = await unbind(at);
    expect([status, json.code]).toEqual([409, 'undetermined']);
    return (json['detail'] as string).split('; ').slice(1).join('; ');
  }

  test('is not asked for by a refusal, which says where no probe settles anything', async () => {
    expect(await howSettled(ALL)).toBe('no probe that is known settles it');
  });

  test('is left out of what a refusal asks for, which names the facts that no probe settles', async () => {
    const { btf } = ALL;
    expect(
      await howSettled({ btf, symbols: { vmf_insert_folio_pmd: false, fs_bdev_mark_dead: false } }),
    ).toBe(
      'PATCH the host with kernel_probes: xfs_dax_notify_dev_failure in /proc/kallsyms of the xfs module; ' +
        'xfs_dax_notify_ddev_failure in /proc/kallsyms of the xfs module; fs_mark_dead in /proc/kallsyms; ' +
        'no probe that is known settles steps.memunmap_pages.waits_for',
    );
  });

  test('of the online policy is none where its file is not there, and nothing else tells it', async () => {
    const asked = async (more: object) => {
      const at = await host({ kernel_release: RHEL_9, ...more });
      const device = {
        name: 'dax0.0',
        mode: 'devdax',
        size: '1GiB',
        phys_addr: '0x100000000',
        target_node: 1,
      };
      await server.call('POST', `${at}/dax-devices`, device);
      const away = { trigger: 'unbind' };
      await server.call('POST', `${at}/dax-devices/dax0.0/remove`, away, { prefer: 'wait=60' });
      const { json } = await server.call('POST', `${at}/dax-devices/dax0.0/bind`, { mode: 'system-ram' });
      const depends_on = json['depends_on'] as readonly (Asking & { readonly fact: string })[];
      return depends_on.find(({ fact }) => fact === 'auto_online_blocks')?.probes;
    };
    expect(await asked({})).toEqual([POLICY]);
    expect(await asked({ kernel_probes: { sysfs: { [POLICY]: false } } })).toEqual([]);
  });
});
