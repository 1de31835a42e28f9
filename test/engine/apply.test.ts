import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, emptyHost, indexHost } from '../../src/engine/model/apply.ts';
import { must } from '../../src/engine/model/lookup.ts';
import { begin, hostRecord, patch } from '../../src/engine/model/transaction.ts';
import { anyStory, play } from './fleet.ts';
import { noOpenExposures } from '../../src/engine/model/open_exposures.ts';
import { noUses } from '../../src/engine/model/uses.ts';
import { ext4 } from './rig.ts';
import { addPin, DEVICE, PIPE, removeDevice, steadyContext } from './support.ts';
import { applyUndoable } from './undoable.ts';
import { cases } from '../support/property.ts';

describe('a change', () => {
  test('is undone wholly, in whatever story it comes', () => {
    fc.assert(
      fc.property(anyStory, fc.nat(), (story, at) => {
        const { events } = play(story, () => undefined);
        const kept = events.slice(0, at % events.length);
        const host = kept.reduce(apply, emptyHost());
        const undo = applyUndoable(
          host,
          events.slice(kept.length).flatMap(({ changes }) => changes),
        );
        undo();
        expect(host).toEqual(kept.reduce(apply, emptyHost()));
      }),
      cases(),
    );
  });

  test('of a missing record, or of a host without one, is a bug', () => {
    const tx = begin(emptyHost(), steadyContext());
    expect(() => patch(tx, 'mounts', 'm1', {})).toThrow('no mounts m1');
    expect(() => hostRecord(tx.host)).toThrow('host without a record');
    expect(() => must(undefined, 'mount m1')).toThrow('dangling reference: mount m1');
  });
});

test.each(['mappings', 'pins'] as const)(
  'an event that deletes one of the %s that is not there does nothing',
  (kind) => {
    const { made, mapper } = ext4('v6.1');
    const before = mapper();
    addPin(made, before, PIPE);
    const uses = structuredClone(made.host.uses_by);
    const changes = [{ op: 'delete', kind, id: 'none' }] as const;
    apply(made.host, { type: 'mapping_deleted', subject: 'mappings/none', data: {}, changes });
    expect(made.host.uses_by).toEqual(uses);
  },
);

test('a host that was loaded is indexed as one that was built from events', () => {
  const { made, mapper } = ext4('v6.1');
  const closed = mapper();
  mapper({}, '/b');
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE, tenant: 'b' });
  made.run({ type: 'munmap', mapping: closed.mapping });
  const loaded = { ...made.host, uses_by: noUses(), open_exposures: noOpenExposures() };
  const { uses_by, open_exposures } = indexHost(loaded);
  expect([uses_by, open_exposures]).toEqual([made.host.uses_by, made.host.open_exposures]);
  expect(open_exposures.windows.size).toBe(1);
});
