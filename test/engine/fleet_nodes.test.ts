import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { anyNode, play } from './fleet.ts';
import { Kobjects } from './fleet/kobject.ts';
import { NODE } from './fleet/nodes.ts';
import { found } from './support.ts';
import { cases } from '../support/property.ts';

test('[CDEV1] [S13] [S14] [S19] [S20] the cdev of a node counts as fs/char_dev.c does', () => {
  const met = new Map<string, number>();
  const meet = (what: string): void => {
    met.set(what, (met.get(what) ?? 0) + 1);
  };
  fc.assert(
    fc.property(anyNode, (story) => {
      let kobjects = new Kobjects({ name: NODE, instance: 1, driver: 'device_dax' });
      let heard = 0;
      let opens = false;
      play(
        story,
        () => undefined,
        ({ events }) => {
          // The first events are those of the host that a story begins with.
          for (const event of events.slice(heard)) kobjects.hear(event);
          heard = events.length;
          opens = kobjects.opens;
        },
        ({ host, events }, command, decision) => {
          const device = found(host.tables.dax_devices.get(NODE));
          const isFree = !host.tables.hosts.get('h')!.stuck.includes('cdev_lock');
          if (command.type === 'open_file' && isFree && isThere(device) && !isDead(decision)) {
            expect(isRefusal(decision) ? decision.errno : 'ok').toBe(opens ? 'ok' : 'ENXIO');
            meet(opens ? 'opened' : 'refused');
          }
          if (command.type === 'reboot') {
            kobjects = new Kobjects(device);
            heard = events.length;
          }
          const corrupted = events.slice(heard).flatMap((event) => kobjects.hear(event));
          heard = events.length;
          if (corrupted.length > 0) {
            expect(host.tables.hosts.get('h')!.stuck).toContain('cdev_lock');
            meet('corrupted');
          }
          for (const { instance, refs, opens: open, dangling } of device.cdevs) {
            const cdev = found(kobjects.of(instance));
            expect([refs, open, dangling]).toEqual([cdev.count, cdev.files.size, cdev.dangling]);
            if (refs === 'saturated') meet('saturated');
            if (instance !== device.instance) meet('deleted');
          }
        },
      );
    }),
    cases(300),
  );
  for (const what of ['opened', 'refused', 'corrupted', 'saturated', 'deleted'])
    expect([what, met.get(what)]).toEqual([what, expect.any(Number)]);
});

/** Whether there is a node. */
function isThere({ parent_bound, state }: DaxDevice): boolean {
  return parent_bound && state !== 'gone';
}

/** Whether the process could not ask at all. */
function isDead(decision: unknown): boolean {
  return isRefusal(decision) && decision.code.startsWith('process_');
}
