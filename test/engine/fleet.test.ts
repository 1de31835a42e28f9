import type { AnswerTo } from '../../src/engine/answer.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, emptyHost, indexHost } from '../../src/engine/model/apply.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Exposure } from '../../src/engine/model/exposure.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { exposureThrough, noOpenExposures } from '../../src/engine/model/open_exposures.ts';
import { normalize, type PfnRange } from '../../src/engine/model/pfn_range.ts';
import { capacityOf } from '../../src/engine/questions/capacity.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { copyHost } from './copy_host.ts';
import { anyStory, play, type Story } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { exposed, walk } from './fleet/walk.ts';
import { found, PAGE, steadyContext, type Machine } from './support.ts';
import { cases } from '../support/property.ts';
import type { Table } from '../../src/engine/model/table.ts';
import { noUses } from '../../src/engine/model/uses.ts';

test('replaying the events of any story gives the same host', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      // As the journal has them: nothing of what who decided had found.
      const replayed = structuredClone(made.events).reduce(apply, emptyHost());
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

/** What an exposure that is open shows, in the order of its windows. */
function shownBy({ windows, ...exposure }: Exposure): unknown {
  const { pid, dax_device, reason, generation, cut, pages, writable_pages, pfn_ranges } = exposure;
  return {
    ...{ pid, dax_device, reason, generation, cut, pages, writable_pages },
    pfn_ranges,
    windows: windows.map((window) => [
      window.mapping ?? found(window.pin ?? undefined),
      window.pages,
      window.writable_pages,
    ]),
  };
}

/** The same, as a walk page by page finds it. */
function mustShow({ windows, pages, writable, ...by }: ReturnType<typeof exposed>[number]): unknown {
  const inOrder = [...windows].sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)));
  return {
    ...by,
    cut: undefined,
    ...{ pages: pages.size, writable_pages: writable.size },
    pfn_ranges: normalize([...pages].map((pfn): PfnRange => [pfn, 1])).slice(0, 100),
    windows: inOrder.map(([id, own]) => [id, own.pages.size, own.writable.size]),
  };
}

/** Lists without an order. */
function unordered(list: readonly unknown[]): string[] {
  return list.map((one) => JSON.stringify(one)).sort();
}

test('[EX1] [EX3] exposures are open exactly as a walk page by page finds them, with their windows and pages', () => {
  let commands = 0;
  let found_any = 0;
  let found_several = 0;
  fc.assert(
    fc.property(anyStory, (story) => {
      play(story, ({ host }) => {
        commands += 1;
        const there = exposed(host);
        if (there.length > 0) found_any += 1;
        if (there.some(({ windows }) => windows.size > 1)) found_several += 1;
        const exposures = [...host.tables.exposures.values()];
        expect(unordered(exposures.filter(({ open }) => open).map(shownBy))).toEqual(
          unordered(there.map(mustShow)),
        );
        for (const { id, open, to_generation, dax_device, closed_by, pfn_ranges, windows } of exposures) {
          expect(open).toBe(closed_by === null);
          expect(Math.min(pfn_ranges.length, windows.length)).toBeGreaterThan(0);
          if (!open) continue;
          const through = windows.map(({ mapping, pin }) =>
            exposureThrough(host, mapping ?? found(pin ?? undefined)),
          );
          expect(new Set(through)).toEqual(new Set([id]));
          expect(host.tables.dax_devices.get(dax_device)?.generation).toBe(to_generation);
        }
        const loaded = {
          ...host,
          uses_by: noUses(),
          open_exposures: noOpenExposures(),
        };
        expect(indexHost(loaded).open_exposures).toEqual(host.open_exposures);
      });
    }),
    cases(500),
  );
  expect(commands).toBeGreaterThan(10_000);
  expect(found_any).toBeGreaterThan(500);
  expect(found_several).toBeGreaterThan(100);
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
