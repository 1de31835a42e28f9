import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/apply.ts';
import type { Command } from '../../src/engine/command.ts';
import { decide } from '../../src/engine/decide.ts';
import type { DaxDevice, Host } from '../../src/engine/host.ts';
import { runs } from '../../src/engine/mapping_table.ts';
import type { RemovalRecord } from '../../src/engine/removal/record.ts';
import { anyStory, play, type Story } from './fleet.ts';
import { SEEDED } from './seeded.ts';
import { found, PAGE, steadyContext, type Machine } from './support.ts';

/** The page tables walked page by page: pfn of the device → mappings of tasks that still have their memory. */
function walk(host: Host, device: DaxDevice): Map<number, Set<string>> {
  const pages = new Map<number, Set<string>>();
  for (const mapping of host.tables.mappings.values()) {
    const { state } = found(host.tables.processes.get(String(mapping.pid)));
    if (mapping.dax_device !== device.name || state === 'dead') continue;
    for (const run of runs(host.entries.get(mapping.id) ?? new Float64Array())) {
      if (run.kind !== 'dax') continue;
      for (let pfn = run.pfn; pfn < run.pfn + run.nr_pages; pfn += 1) {
        pages.set(pfn, (pages.get(pfn) ?? new Set()).add(mapping.id));
      }
    }
  }
  return pages;
}

function newestRemoval(made: Machine): RemovalRecord | undefined {
  return [...made.host.tables.removals.values()].at(-1);
}

test('replaying the events of any story gives the same host', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      const replayed = made.events.reduce(apply, emptyHost());
      expect(replayed).toEqual(made.host);
    }),
    SEEDED,
  );
});

test('the pages of every report add up to the device', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      play(story, ({ host }) => {
        for (const { report, dax_device } of host.tables.removals.values()) {
          const { total, mapped, unmapped, still_mapped, never_mapped } = report.pages;
          const { size } = found(host.tables.dax_devices.get(dax_device));
          expect([
            unmapped + still_mapped + never_mapped,
            unmapped + still_mapped,
            Math.min(unmapped, still_mapped, never_mapped) >= 0,
          ]).toEqual([size / PAGE, mapped, true]);
          expect(total).toBe(size / PAGE);
        }
      });
    }),
    SEEDED,
  );
});

test('a walk of the page tables finds what the report of a removal that just ended says', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const seen = new Set<string>();
      play(story, (made) => {
        const removal = newestRemoval(made);
        if (removal === undefined || seen.has(removal.id)) return;
        if (removal.state !== 'completed' && removal.state !== 'stuck') return;
        seen.add(removal.id);
        const pages = walk(made.host, found(made.host.tables.dax_devices.get(removal.dax_device)));
        const before = removal.mapped_before.flatMap(([pfn, count]) =>
          Array.from({ length: count }, (_, at) => pfn + at),
        );
        expect(removal.report.pages.still_mapped).toBe(before.filter((pfn) => pages.has(pfn)).length);
        const mappers = new Set([...pages.values()].flatMap((ids) => [...ids]));
        const told = removal.hazards
          .filter(({ kind }) => kind === 'stale_mapping')
          .map(({ mapping }) => mapping);
        expect(new Set(told)).toEqual(mappers);
      });
    }),
    SEEDED,
  );
});

function lastCommand(story: Story): { made: Machine; command: Command } {
  const made = play({ ...story, steps: story.steps.slice(0, -1) }, () => undefined);
  return { made, command: story.steps.at(-1)?.(made) ?? { type: 'delete_host' } };
}

test('the same host, command and context give the same decision', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const { made, command } = lastCommand(story);
      const [first, second] = [1, 2].map(() =>
        decide(made.events.reduce(apply, emptyHost()), command, steadyContext()),
      );
      expect(second).toEqual(first);
    }),
    SEEDED,
  );
});

/** Ids of every table in the order they are walked: what a decision's events are ordered by. */
function order(host: Host): string[][] {
  return Object.values(host.tables).map((records: Map<string, unknown>) => [...records.keys()]);
}

test('decide leaves the host as it was, in the order of its records too', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const { made, command } = lastCommand(story);
      const before = order(made.host);
      decide(made.host, command, steadyContext());
      expect(made.host).toEqual(made.events.reduce(apply, emptyHost()));
      expect(order(made.host)).toEqual(before);
    }),
    SEEDED,
  );
});
