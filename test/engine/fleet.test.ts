import type { AnswerTo } from '../../src/engine/answer.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { capacityOf } from '../../src/engine/questions/capacity.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { copyHost } from './copy_host.ts';
import { anyStory, play, type Story } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { walk, windows } from './fleet/walk.ts';
import { found, PAGE, steadyContext, type Machine } from './support.ts';
import { cases } from '../support/property.ts';
import type { Table } from '../../src/engine/model/table.ts';

test('replaying the events of any story gives the same host', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      const replayed = made.events.reduce(apply, emptyHost());
      expect(replayed).toEqual(made.host);
      expect(stateHash(replayed)).toBe(stateHash(made.host));
    }),
    cases(),
  );
});

test('the pages of every report add up to the device', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const begun = new Set<string>();
      play(story, ({ host }) => {
        for (const { id, report, dax_device } of host.tables.removals.values()) {
          const { total, mapped, unmapped, still_mapped, never_mapped } = report.pages;
          expect([
            unmapped + still_mapped + never_mapped,
            unmapped + still_mapped,
            Math.min(unmapped, still_mapped, never_mapped) >= 0,
          ]).toEqual([total, mapped, true]);
          // Later the medium may be another, of another size.
          if (!begun.has(id)) expect(total).toBe(found(host.tables.dax_devices.get(dax_device)).size / PAGE);
          begun.add(id);
        }
      });
    }),
    cases(),
  );
});

test('a walk of the page tables finds what the report of a removal that just ended says', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const seen = new Set<string>();
      play(story, ({ host }) => {
        for (const removal of host.tables.removals.values()) {
          if ((removal.state !== 'completed' && removal.state !== 'stuck') || seen.has(removal.id)) continue;
          seen.add(removal.id);
          const found_now = [...walk(host, found(host.tables.dax_devices.get(removal.dax_device)))];
          const pages = new Set(found_now.map(({ pfn }) => pfn));
          const before = removal.mapped_before.flatMap(([pfn, count]) =>
            Array.from({ length: count }, (_, at) => pfn + at),
          );
          expect(removal.report.pages.still_mapped).toBe(before.filter((pfn) => pages.has(pfn)).length);
          const mappers = new Set(found_now.filter(({ ram }) => !ram).map(({ mapping }) => mapping));
          const told = removal.hazards
            .filter(({ kind }) => kind === 'stale_mapping')
            .map(({ mapping }) => mapping);
          expect(new Set(told)).toEqual(mappers);
        }
      });
    }),
    cases(),
  );
});

function openWindows(host: Host): Map<string, readonly [number, number]> {
  const open = [...host.tables.exposures.values()].filter((exposure) => exposure.open);
  return new Map(
    open.map(({ mapping, pin, pages, writable_pages }) => [
      mapping ?? found(pin ?? undefined),
      [pages, writable_pages],
    ]),
  );
}

test('[EX1] an exposure is open exactly when a walk page by page finds one, and says as many pages', () => {
  let commands = 0;
  let found_any = 0;
  fc.assert(
    fc.property(anyStory, (story) => {
      play(story, ({ host }) => {
        commands += 1;
        const there = windows(host);
        if (there.size > 0) found_any += 1;
        expect(openWindows(host)).toEqual(there);
        for (const {
          id,
          mapping,
          pin,
          open,
          to_generation,
          dax_device,
          closed_by,
          pfn_ranges,
        } of host.tables.exposures.values()) {
          expect(open).toBe(closed_by === null);
          expect(pfn_ranges.length).toBeGreaterThan(0);
          if (!open) continue;
          expect(host.open_exposures.get(mapping ?? found(pin ?? undefined))).toBe(id);
          expect(host.tables.dax_devices.get(dax_device)?.generation).toBe(to_generation);
        }
      });
    }),
    cases(500),
  );
  expect(commands).toBeGreaterThan(10_000);
  expect(found_any).toBeGreaterThan(500);
});

test('capacity: total = free + used + leaked, for every device and the host, after every command', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      play(story, ({ host }) => {
        const { total, free, used, leaked, devices } = capacityOf(host);
        for (const own of [{ total, free, used, leaked }, ...devices]) {
          expect(own.free + own.used + own.leaked).toBe(own.total);
          expect(Math.min(own.free, own.used, own.leaked)).toBeGreaterThanOrEqual(0);
        }
        expect(devices).toHaveLength(host.tables.dax_devices.size);
      });
    }),
    cases(),
  );
});

test('a dry run is what acting on a copy would do, and leaves the state hash as it was', () => {
  let commands = 0;
  fc.assert(
    fc.property(anyStory, (story) => {
      play(
        story,
        () => undefined,
        ({ host }, command) => {
          commands += 1;
          const before = stateHash(host);
          const copy = copyHost(host);
          const dry = decide(host, command, steadyContext('dry'));
          expect(stateHash(host)).toBe(before);
          const acted = decide(copy, command, steadyContext('dry'));
          expect(dry).toEqual(acted);
          if (isRefusal(acted)) return;
          for (const event of acted.events) apply(copy, event);
          const record = recordIn(acted.answer);
          if (record !== null) expect(storedAs(copy, record.uid)).toEqual(record);
        },
      );
    }),
    cases(300),
  );
  expect(commands).toBeGreaterThan(10_000);
});

/** The record of that uid, of whatever kind. */
function storedAs({ tables }: Host, uid: string): unknown {
  const records = Object.values(tables).flatMap((table: Table<{ uid: string }>) => [...table.values()]);
  return records.find((record) => record.uid === uid);
}

/** The record that an answer is, or that it has beside other things; null where it has none. */
function recordIn(answer: AnswerTo): { readonly uid: string } | null {
  if (answer === null || typeof answer === 'string') return null;
  if ('record' in answer) return answer.record;
  return 'uid' in answer ? answer : null;
}

function lastCommand(story: Story): { made: Machine; command: Command } {
  const made = play({ ...story, steps: story.steps.slice(0, -1) }, () => undefined);
  return { made, command: story.steps.at(-1)?.(made) ?? { type: 'delete_host' } };
}

/** Ids of every table in the order they are walked: what a decision's events are ordered by. */
function order(host: Host): string[][] {
  return Object.values(host.tables).map((records: Table<unknown>) => [...records.keys()]);
}

test('decide leaves the host as it was, in the order of its records and its indexes too', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const { made, command } = lastCommand(story);
      const before = order(made.host);
      decide(made.host, command, steadyContext());
      expect(made.host).toEqual(made.events.reduce(apply, emptyHost()));
      expect(order(made.host)).toEqual(before);
    }),
    cases(),
  );
});
