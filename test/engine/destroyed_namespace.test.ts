import { describe, expect, test } from 'vitest';
import type { Bind, CreateDaxDevice } from '../../src/engine/model/device_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { hostAfter, importedInto, printed } from '../inventory/support/played.ts';
import { create, cxl, DAX, device, run } from './cxl_rig.ts';
import { addDevice, DEVICE, found, machine, removeDevice, type Machine } from './support.ts';

function without(
  via: 'ndctl_destroy_namespace' | 'ndctl_disable_namespace',
  more: Partial<CreateDaxDevice> = {},
) {
  const made = machine('v6.12');
  addDevice(made, { mode: 'fsdax', size: 2 ** 30, ...more });
  removeDevice(made, { via });
  return made;
}

/** `ok`, or the refusal with its errno and what it says. */
function bind(made: Machine, how: Omit<Bind, 'type' | 'dax_device'>): string {
  const decision = made.try({ type: 'bind', dax_device: DEVICE, ...how });
  if (!isRefusal(decision)) return decision.answer.bind.result;
  return `${decision.code} ${String(decision.errno ?? null)} ${decision.detail}`;
}

function stateOf({ host }: Machine) {
  const { state, mode, conditions } = found(host.tables.dax_devices.get(DEVICE));
  return { state, mode, conditions: conditions.map(({ type }) => type) };
}

describe('[BIND3] of a namespace that ndctl destroyed a seed is left', () => {
  test('which ndctl enable-namespace does not enable', () => {
    const made = without('ndctl_destroy_namespace');
    expect(bind(made, { via: 'ndctl_enable_namespace' })).toMatch(/^tool_refused ENXIO .* seed/);
    expect(bind(made, { via: 'ndctl_enable_namespace', mode: 'fsdax' })).toMatch(/^tool_refused ENXIO /);
    const conditions = ['namespace_disabled', 'namespace_destroyed'];
    expect(stateOf(made)).toEqual({ state: 'unbound', mode: 'fsdax', conditions });
    expect(bind(without('ndctl_disable_namespace'), { via: 'ndctl_enable_namespace' })).toBe('ok');
  });

  test('which no driver takes, and the answer says what helps', () => {
    const made = without('ndctl_destroy_namespace');
    const named = bind(made, { driver: 'nd_pmem' });
    expect(named).toMatch(/^kernel_refused ENODEV .* seed .* makes another$/);
    const again = made.try({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
    expect(again).toMatchObject({
      errno: 'ENODEV',
      detail: expect.stringMatching(/ seed /) as string,
    });
    expect(bind(without('ndctl_disable_namespace'), { driver: 'nd_pmem' })).toMatch(/ enables it again$/);
  });

  test('which no reboot brings back', () => {
    const made = without('ndctl_destroy_namespace');
    const before = stateOf(made);
    made.run({ type: 'reboot' });
    expect(stateOf(made)).toEqual(before);
    const disabled = without('ndctl_disable_namespace');
    disabled.run({ type: 'reboot' });
    expect(stateOf(disabled)).toEqual({ state: 'bound', mode: 'fsdax', conditions: [] });
  });

  test.each([
    ['ndctl_destroy_namespace', 'unbound'],
    ['ndctl_disable_namespace', 'bound'],
  ] as const)('which its CXL region does not bind again: %s', (via, state) => {
    const made = cxl();
    const region = found(device(made).cxl_region ?? undefined);
    removeDevice(made, { dax_device: DAX, via });
    run(made, create({ region }));
    removeDevice(made, { dax_device: 'dax1.0', via: 'cxl_region' });
    run(made, { type: 'bind_cxl_region', region });
    expect(device(made).state).toBe(state);
  });

  test('which is a namespace again in the listing that shows one', () => {
    const text = JSON.stringify([{ dev: 'namespace0.0', mode: 'raw', size: 2 ** 30, blockdev: 'pmem0' }]);
    const host = hostAfter(text);
    removeDevice(host.made, { via: 'ndctl_destroy_namespace' });
    expect(printed(host, 'ndctl')).not.toContain('pmem0');
    const again = importedInto(host, text).host;
    expect(stateOf(again.made)).toEqual({ state: 'bound', mode: 'raw', conditions: [] });
    expect(printed(again, 'ndctl')).toContain('pmem0');
  });

  test.each([{ via: 'ndctl_create_namespace' }, {}] as const)('and another is made by %j', (how) => {
    const made = without('ndctl_destroy_namespace');
    expect(bind(made, { ...how, mode: 'fsdax' })).toBe('ok');
    expect(stateOf(made)).toEqual({ state: 'bound', mode: 'fsdax', conditions: [] });
  });

  test.each(['e820', 'virtio-pmem'] as const)('but of %s, which has no labels', (provider) => {
    const made = without('ndctl_destroy_namespace', { provider, map: 'mem' });
    expect(bind(made, { via: 'ndctl_enable_namespace' })).toMatch(/^not_modelled null .* no label/);
  });
});

test.each(['ndctl_destroy_namespace', 'ndctl_disable_namespace', 'dax_pmem'] as const)(
  '[M72] [M73] beside memory that has leaked it goes with dax_pmem: once that is unbound, none does: %s',
  (via) => {
    const made = machine('v6.12');
    addDevice(made, { mode: 'system-ram', size: 2 ** 30 });
    removeDevice(made);
    expect(removeDevice(made, { via: 'dax_pmem' }).state).toBe('completed');
    expect(found(made.host.tables.dax_devices.get(DEVICE))).toMatchObject({ mem_region: 'leaked' });
    const again = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via } as const;
    expect(made.try(again)).toMatchObject({ detail: expect.stringMatching(/is unbound/) as string });
    expect(made.host.tables.removals.size).toBe(2);
  },
);
