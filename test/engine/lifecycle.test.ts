import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MEDIUM_REPLACED } from '../../src/engine/device/conditions.ts';
import * as life from '../../src/engine/device/lifecycle.ts';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { deviceOf } from '../../src/engine/model/lookup.ts';
import { begin, patch, rollback, type Transaction } from '../../src/engine/model/transaction.ts';
import { addDevice, DEVICE, machine, steadyContext, type Machine } from './support.ts';

interface Case {
  readonly event: string;
  readonly act: (tx: Transaction, device: DaxDevice) => unknown;
  readonly makes: Partial<DaxDevice>;
}

const FRESH = { hwpoisoned: [], faulted: [] };

/** What each event makes of a poisoned fsdax of tenant a: every field that it changes, and no other. */
const CASES: readonly Case[] = [
  {
    event: '->remove() begins, by surprise',
    act: (tx, device) =>
      life.removalStarted(tx, device, { id: 'r1', trigger: 'surprise_removal', via: null }),
    makes: { state: 'removing', removal: 'r1', media_present: false },
  },
  { event: 'kill_dax()', act: life.daxKilled, makes: { dax_alive: false } },
  { event: 'del_gendisk()', act: life.gendiskDeleted, makes: { instance: 2 } },
  { event: 'percpu_ref_kill()', act: life.pgmapKilled, makes: { pgmap_state: 'killed' } },
  { event: 'pageunmap_range()', act: life.memmapRemoved, makes: { pgmap_state: 'none', faulted: [] } },
  {
    event: 'release_mem_region()',
    act: (tx, device) => life.memRegionReleased(tx, device, false),
    makes: { driver: null, dax_alive: false, pgmap_state: 'none', mem_region: 'released' },
  },
  {
    event: 'a range that leaks',
    act: (tx, device) => life.memRegionReleased(tx, device, true),
    makes: { driver: null, dax_alive: false, mem_region: 'leaked' },
  },
  {
    event: 'unregister_dev_dax()',
    act: life.devDaxUnregistered,
    makes: { parent_bound: false, instance: 2 },
  },
  {
    event: '->remove() returns',
    act: (tx, { name }) => life.removalEnded(tx, name, [MEDIUM_REPLACED]),
    makes: { state: 'unbound', conditions: [MEDIUM_REPLACED] },
  },
  {
    event: 'no listing shows it',
    act: life.listedNoMore,
    makes: {
      state: 'gone',
      driver: null,
      dax_alive: false,
      pgmap_state: 'none',
      mem_region: 'released',
      kmem_state: null,
    },
  },
  { event: 'its card goes', act: life.mediumLost, makes: { media_present: false } },
  {
    event: 'the same medium is back',
    act: (tx, device) => life.mediumReturned(tx, device, { size: 8192, media_serial: null }),
    makes: { state: 'unbound', size: 8192 },
  },
  {
    event: 'another medium is there',
    act: (tx, device) => life.mediumReplaced(tx, device, { size: 8192, media_serial: null }, null),
    makes: {
      state: 'unbound',
      size: 8192,
      media_serial: null,
      tenant: null,
      generation: 2,
      hwpoisoned: [],
      conditions: [MEDIUM_REPLACED],
    },
  },
  { event: 'mkfs over a file system', act: life.overwritten, makes: { generation: 2 } },
  {
    event: 'a bind as it was',
    act: (tx, device) => life.bound(tx, device, 'fsdax', 'a'),
    makes: { ...FRESH, pgmap: 2 },
  },
  {
    event: 'a bind for another tenant',
    act: (tx, device) => life.bound(tx, device, 'fsdax', 'b'),
    makes: { ...FRESH, pgmap: 2, tenant: 'b', generation: 2 },
  },
  {
    event: 'a bind in another mode',
    act: (tx, device) => life.bound(tx, device, 'devdax', 'a'),
    makes: {
      ...FRESH,
      pgmap: 2,
      mode: 'devdax',
      driver: 'device_dax',
      align: 2097152,
      generation: 2,
      instance: 2,
      cdevs: [{ instance: 2, refs: 1, opens: 0, dangling: false }],
    },
  },
  {
    event: 'a reboot that finds it',
    act: (tx, device) => life.booted(tx, device, 'fsdax', true, []),
    makes: { ...FRESH, pgmap: 2, instance: 2, holders: 'not_told', told_at: null },
  },
  {
    event: 'a reboot that does not find it',
    act: (tx, device) => life.booted(tx, device, 'fsdax', false, []),
    makes: {
      ...FRESH,
      pgmap: 2,
      instance: 2,
      holders: 'not_told',
      told_at: null,
      state: 'unbound',
      driver: null,
      dax_alive: false,
      pgmap_state: 'none',
      mem_region: 'released',
    },
  },
];

/** A bound fsdax with poisoned and faulted pages, whose users are told. */
function poisoned(): { made: Machine; device: DaxDevice } {
  const made = machine('v6.12');
  addDevice(made, { tenant: 'a', media_serial: 's1', holders: 'told' });
  const device: DaxDevice = { ...deviceOf(made.host, DEVICE), hwpoisoned: [[1, 1]], faulted: [[2, 1]] };
  made.host.tables.dax_devices.set(DEVICE, device);
  return { made, device };
}

describe('an event of a device changes these fields of it, in one place', () => {
  test.each(CASES)('$event', ({ act, makes }) => {
    const { made, device } = poisoned();
    const tx = begin(made.host, steadyContext());
    act(tx, device);
    expect(deviceOf(made.host, DEVICE)).toEqual({ ...device, ...makes, revision: device.revision + 1 });
    rollback(tx);
    expect(deviceOf(made.host, DEVICE)).toBe(device);
  });

  test('a raw namespace has struct pages where its bus has legacy ones, bound or created', () => {
    const made = machine('v6.12');
    for (const provider of ['e820', 'virtio-pmem', 'ACPI.NFIT'] as const) {
      const name = addDevice(made, { name: `raw-${provider}`, mode: 'raw', provider });
      const tx = begin(made.host, steadyContext());
      const device = { ...deviceOf(made.host, name), mode: 'fsdax', map: 'dev' } as const;
      expect(life.bound(tx, device, 'raw', null).map).toBe(deviceOf(made.host, name).map);
      rollback(tx);
    }
  });
});

const ENGINE = 'src/engine/';

/** Files of the engine that call a function with the devices as its kind of records, or by its name. */
function filesThat(call: RegExp): string[] {
  const files = readdirSync(ENGINE, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && call.test(readFileSync(ENGINE + file, 'utf8')))
    .sort();
}

describe('nothing else writes them', () => {
  test('patch() takes no field of a life, told out or spread', () => {
    const { made } = poisoned();
    const tx = begin(made.host, steadyContext());
    const spread = { state: 'gone', driver: null } as const;
    // @ts-expect-error: lifecycle.ts writes it
    patch(tx, 'dax_devices', DEVICE, { dax_alive: false });
    // @ts-expect-error: lifecycle.ts writes it
    patch(tx, 'dax_devices', DEVICE, { tenant: 'b', ...spread });
    patch(tx, 'dax_devices', DEVICE, { tenant: 'b', conditions: [] });
    rollback(tx);
    expect(deviceOf(made.host, DEVICE).tenant).toBe('a');
  });

  test('whole devices are stored by lifecycle.ts alone, for those who make them', () => {
    expect(filesThat(/\bput\(\s*tx,\s*'dax_devices'/)).toEqual(['device/lifecycle.ts']);
    expect(filesThat(/\bputDevice\(/)).toEqual([
      'commands/create_dax_device.ts',
      'commands/import_device.ts',
      'device/lifecycle.ts',
    ]);
  });
});
