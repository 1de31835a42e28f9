import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../src/engine/model/mapping_table.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { cases } from '../support/property.ts';
import { cached, ext4 } from './rig.ts';
import { access, addMapper, type Machine } from './support.ts';

const PAGES = 1024;

interface Mapped {
  readonly made: Machine;
  readonly mappings: readonly string[];
}

/** A file with four mappings that nobody has touched: shared and private, with entries of 2 MiB and without. */
function mapped(of: 'blocks' | 'holes' | 'page cache'): Mapped {
  const { made, mount } = of === 'page cache' ? cached('v6.12') : ext4('v6.12');
  const size = PAGES * 4096;
  const { id: file } = made.run({
    type: 'create_file',
    mount,
    path: '/f',
    size,
    ...(of === 'holes' && { sparse: true }),
  });
  const mappings = (['shared', 'private'] as const).flatMap((flag) =>
    [false, true].map(
      (small) => addMapper(made, { file, length: size, flags: [flag], small, touched: 'none' }).mapping,
    ),
  );
  return { made, mappings };
}

/** All entries, of mappings and of i_pages, and the counts of them. */
function entries({ host }: Machine): unknown {
  const { mappings, files } = host.tables;
  const owners = [...mappings.keys(), ...files.keys()];
  return [
    owners.map((owner) => [...runs(entriesOf(host, owner))]),
    [...mappings.values()].map(({ present }) => present),
  ];
}

interface Touch {
  readonly by: number;
  readonly kind: 'read' | 'write';
  readonly page: number;
  readonly pages: number;
}

const any = (page: fc.Arbitrary<number>, pages_max: number): fc.Arbitrary<Touch> =>
  fc.record({
    by: fc.nat(3),
    kind: fc.constantFrom('read', 'write'),
    page,
    pages: fc.integer({ min: 1, max: pages_max }),
  });
const few = any(fc.constantFrom(0, 1, 2, 4, 5, 8, 509, 511, 512, 513, 515, 520, 1000), 3);
const many = any(fc.constantFrom(0, 3, 505, 511, 512), 20);

function touch({ made, mappings }: Mapped, { by, kind, page, pages }: Touch): void {
  access(made, mappings[by]!, kind, { page, pages });
}

describe('what a touch of many pages gives entries to', () => {
  test.each(['blocks', 'holes', 'page cache'] as const)(
    'is what touches of one after another do: %s',
    (of) => {
      fc.assert(
        fc.property(fc.array(few, { maxLength: 12 }), many, (before, last) => {
          const [atOnce, oneByOne] = [mapped(of), mapped(of)];
          for (const each of before) [atOnce, oneByOne].forEach((on) => touch(on, each));
          touch(atOnce, last);
          for (let at = 0; at < last.pages; at += 1)
            touch(oneByOne, { ...last, page: last.page + at, pages: 1 });
          expect(entries(atOnce.made)).toEqual(entries(oneByOne.made));
        }),
        cases(60),
      );
    },
  );

  test('is by 4 KiB beside own copies, also where another has an entry of 2 MiB', () => {
    const on = mapped('blocks');
    touch(on, { by: 0, kind: 'read', page: 0, pages: 1 });
    touch(on, { by: 2, kind: 'write', page: 2, pages: 1 });
    touch(on, { by: 2, kind: 'read', page: 1, pages: 3 });
    const own = [...runs(entriesOf(on.made.host, on.mappings[2]!))];
    expect(own.map(({ index, nr_pages, level, kind }) => [index, nr_pages, level, kind])).toEqual([
      [1, 1, 'pte', 'dax'],
      [2, 1, 'pte', 'anon'],
      [3, 1, 'pte', 'dax'],
    ]);
  });

  test.each([
    [0, 'write', 2],
    [1, 'write', 2],
    [3, 'write', 2],
    [1, 'read', 2],
  ] as const)(
    'is one change of each owner, however many holes it has: mapping %i, %s',
    (by, kind, owners) => {
      const changes = [10, 100].map((holes) => {
        const on = mapped('blocks');
        for (let at = 0; at < holes; at += 1) touch(on, { by: 1, kind: 'read', page: 2 * at, pages: 1 });
        if (by !== 1)
          for (let at = 0; at < holes; at += 1) touch(on, { by, kind: 'read', page: 2 * at, pages: 1 });
        const from = on.made.events.length;
        touch(on, { by, kind, page: 0, pages: 2 * holes });
        const made = on.made.events.slice(from).flatMap((event) => event.changes);
        return made.filter(({ op }) => op === 'insert_entries').length;
      });
      expect(changes).toEqual([owners, owners]);
    },
  );
});
