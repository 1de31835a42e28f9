import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { takesLong } from '../../src/store/read_only.ts';

const removes: readonly Command[] = [
  { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind' },
  { type: 'record_hotplug_event', action: 'surprise_removal', dax_device: 'pmem0' },
];

test('[WI3] a dry removal is a question, which holds up no change; a removal is a change', () => {
  for (const command of removes) {
    const told = [{}, { dry_run: true }, { dry_run: true, idempotency: { key: 'k', fingerprint: 'f' } }].map(
      (how) => takesLong({ host: 'node-a', command, ...how }),
    );
    expect([command.type, ...told]).toEqual([command.type, false, true, true]);
  }
});
