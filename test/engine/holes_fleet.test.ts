import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extentsOf } from '../../src/engine/model/extents.ts';
import type { File, Host } from '../../src/engine/model/host.ts';
import { runs, type Run } from '../../src/engine/model/mapping_table.ts';
import { cases } from '../support/property.ts';
import { anyLife, anyStory, play } from './fleet.ts';
import { found, PAGE } from './support.ts';

function* pagesOf(host: Host, id: string): Generator<readonly [page: number, run: Run]> {
  for (const run of runs(host.entries.get(id) ?? []))
    for (let at = 0; at < run.nr_pages; at += 1) yield [run.index + at, run];
}

/** The pfn behind a page of a file; null for a hole. */
function blockOf(host: Host, file: File, page: number): number | null {
  const extent = extentsOf(host, file).find(
    ({ offset, nr_pages }) => page >= offset && page < offset + nr_pages,
  );
  return extent === undefined ? null : extent.pfn + (page - extent.offset);
}

/** What is wrong with the entries of files and of who maps them, page by page. */
function wrong(host: Host): string[] {
  const faults: string[] = [];
  for (const [id, file] of host.tables.files) {
    for (const [page, { kind }] of pagesOf(host, id)) {
      const isHole = blockOf(host, file, page) === null;
      if ((kind === 'zero' && !isHole) || (kind === 'dax' && isHole))
        faults.push(`${id} ${kind} ${String(page)}`);
    }
  }
  for (const [id, { file, offset, pid }] of host.tables.mappings) {
    if (file === null || found(host.tables.processes.get(String(pid))).state === 'dead') continue;
    const record = found(host.tables.files.get(file));
    for (const [index, { kind, pfn, index: first }] of pagesOf(host, id)) {
      const block = blockOf(host, record, index + offset / PAGE);
      if (kind === 'zero' && block !== null) faults.push(`${id} zero ${String(index)}`);
      if (kind === 'dax' && block !== pfn + (index - first)) faults.push(`${id} dax ${String(index)}`);
    }
  }
  return faults;
}

/** Files of one file system that share a block, and blocks outside of it. */
function shared(host: Host): string[] {
  const faults: string[] = [];
  for (const [id, { start_pfn, nr_pages }] of host.tables.file_systems) {
    const seen = new Set<number>();
    for (const file of [...host.tables.files.values()].filter(({ file_system }) => file_system === id)) {
      for (const extent of extentsOf(host, file)) {
        for (let pfn = extent.pfn; pfn < extent.pfn + extent.nr_pages; pfn += 1) {
          if (seen.has(pfn) || pfn < start_pfn || pfn >= start_pfn + nr_pages)
            faults.push(`${file.id} ${String(pfn)}`);
          seen.add(pfn);
        }
      }
    }
  }
  return faults;
}

test.each([
  ['uses', anyStory],
  ['lives', anyLife],
] as const)(
  '[S30] [HOLE2] zeros are mapped over holes alone, blocks over what has them: %s',
  { timeout: 600_000 },
  (_name, stories) => {
    fc.assert(
      fc.property(stories, (story) => {
        play(story, ({ host }) => {
          expect([wrong(host), shared(host)]).toEqual([[], []]);
        });
      }),
      cases(60),
    );
  },
);
