import fc from 'fast-check';
import type { Host, Mapping } from '../../../src/engine/model/host.ts';
import { NO_ENTRIES, rowsOf } from '../../../src/engine/model/mapping_table.ts';
import { found, MIB, PAGE, type Machine } from '../support.ts';
import { goOn, nth, one, onOne, pick, type Step } from './pick.ts';

/** What one page of a mapping translates to. */
interface PageEntry {
  readonly pfn: number;
  readonly size: '4 KiB' | '2 MiB' | '1 GiB';
  readonly kind: number;
  readonly pgmap: number;
}

const DAX = 0;
const ANON = 1;

/** The page tables of a mapping, page by page; reads the rows itself. */
export function pageTable(host: Host, mapping: string): Map<number, PageEntry> {
  const rows = rowsOf(host.entries.get(mapping) ?? NO_ENTRIES);
  const pages = new Map<number, PageEntry>();
  for (let at = 0; at < rows.length; at += 4) {
    const [index = 0, count = 0, first = 0, stored = 0] = rows.subarray(at, at + 4);
    const isLater = stored >= 2 ** 48;
    const bits = isLater ? stored - 2 ** 48 : stored;
    const size = (['4 KiB', '2 MiB', '1 GiB'] as const)[bits % 4];
    const kind = (Math.floor(bits / 4) % 4) + (isLater ? 4 : 0);
    for (let page = 0; page < count; page += 1) {
      const pfn = first < 0 ? first : first + page;
      pages.set(index + page, { pfn, size: found(size), kind, pgmap: Math.floor(bits / 32) });
    }
  }
  return pages;
}

/** The same of the child's copy of a mapping, as mm/memory.c copy_page_range() makes it page by page. */
export function copyPageRange(host: Host, { id, anonymous, flags }: Mapping): Map<number, PageEntry> {
  const pages = pageTable(host, id);
  if (anonymous) return pages;
  const hasAnonVma = flags.includes('private') && [...pages.values()].some(({ kind }) => kind === ANON);
  return new Map([...pages].filter(([, { size }]) => hasAnonVma && size === '4 KiB'));
}

/** Whether v7.3, which takes the page of what it copies, meets one that the entry was not made over. */
export function meetsLostPage(host: Host, mapping: Mapping): boolean {
  const { pgmap, pgmap_state } = found(host.tables.dax_devices.get(mapping.dax_device));
  const takes = [...host.tables.hosts.values()].some(({ kernel }) => kernel === 'v7.3');
  return (
    takes &&
    [...copyPageRange(host, mapping).values()].some(
      (page) => page.kind === DAX && (pgmap_state === 'none' || page.pgmap !== pgmap),
    )
  );
}

const FILE = 'f3';

const map = fc
  .tuple(
    nth,
    fc.boolean(),
    fc.constantFrom(2 * MIB, 4 * MIB),
    fc.constantFrom('private', 'private', 'shared'),
  )
  .map(
    ([who, small, length, flag]): Step =>
      (made) => {
        const pid = actor(made, who);
        if (pid === undefined) return null;
        const what = { pid, file: FILE, offset: 0, length, flags: [flag as 'private'], prot: 'rw' } as const;
        return { type: 'create_mapping', ...what, ...(small ? { page_size: 4096 as const } : {}) };
      },
  );

/** A touch of one of the mappings, or of the newest. */
function touching(of: 'any' | 'newest'): fc.Arbitrary<Step> {
  const what = fc.constantFrom('read', 'read', 'write');
  return fc.tuple(nth, fc.nat({ max: 1023 }), fc.constantFrom(1, 3, 512), what).map(
    ([at, page, pages, kind]): Step =>
      ({ host }) => {
        const all = [...host.tables.mappings.values()];
        const mapping = of === 'any' ? pick(all, at) : all.at(-1);
        if (mapping === undefined) return null;
        const offset = (page * PAGE) % mapping.length;
        const length = Math.min(pages * PAGE, mapping.length - offset);
        return { type: 'access', mapping: mapping.id, offset, length, kind: kind as 'read' };
      },
  );
}

const drop = onOne(
  (made) => made.host.tables.mappings,
  (mapping) => ({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'madvise_dontneed' }),
);

function actor({ host }: Machine, at: number): number | undefined {
  const running = [...host.tables.processes.values()].filter(({ state }) => state === 'running');
  return pick(running, at)?.pid;
}

/** A fork of who has one of the mappings, or the newest. */
const fork = fc.tuple(nth, fc.boolean()).map(
  ([at, newest]): Step =>
    ({ host }) => {
      const all = [...host.tables.mappings.values()].filter(
        ({ pid }) => found(host.tables.processes.get(String(pid))).state === 'running',
      );
      const owner = newest ? all.at(-1) : pick(all, at);
      return owner === undefined ? null : { type: 'create_process', comm: 'child', parent_pid: owner.pid };
    },
);

const unbind: Step = () => ({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
const bind: Step = () => ({ type: 'bind', dax_device: 'pmem0' });
const rest = Array.from({ length: 12 }, () => goOn);

/** Who maps a file privately, copies pages of it and forks, before its device goes and behind it. */
export const forkSteps: fc.Arbitrary<Step[]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(map, fc.array(touching('newest'), { minLength: 1, maxLength: 4 }))
      .map(([step, touches]): Step[] => [step, ...touches]),
  },
  { weight: 6, arbitrary: one(touching('any')) },
  { weight: 1, arbitrary: one(drop) },
  { weight: 6, arbitrary: one(fork) },
  { weight: 1, arbitrary: fc.constant<Step[]>([unbind, ...rest]) },
  { weight: 1, arbitrary: fc.constant<Step[]>([unbind, goOn, goOn]) },
  { weight: 1, arbitrary: one(fc.constant(bind)) },
);
