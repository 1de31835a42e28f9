import { expect, test } from 'vitest';
import { runCount } from '../../src/engine/model/mapping_table.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { countCopied } from './copied.ts';
import { access, addDevice, addFile, addMount, addProcess, machine, mappingOf, PAGE } from './support.ts';

/** Every other page of a mapping has an entry, or is writable where all have one. */
function holed(holes: number, populate: 'none' | 'read') {
  const made = machine('v6.12');
  addDevice(made);
  const mount = addMount(made, { fs_type: 'xfs', rmapbt: true });
  const length = 2 * holes * PAGE;
  const file = addFile(made, mount.id, '/f', length);
  const pid = addProcess(made);
  const base = { offset: 0, length, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
  made.run({ type: 'create_mapping', pid, file, ...base, populate });
  const [mapping] = made.host.tables.mappings.keys();
  for (let page = 0; page < 2 * holes; page += 2)
    access(made, mapping!, populate === 'none' ? 'read' : 'write', { page });
  return { made, mapping: mapping! };
}

test.each([
  ['a read of a mapping', 'none', 'read'],
  ['a write to a mapping', 'none', 'write'],
  ['a write to a mapping with protected entries between', 'read', 'write'],
] as const)(
  '%s with many holes copies in proportion to them, not to their square',
  (_what, populate, kind) => {
    const [few, many] = [500, 2000].map((holes) => {
      const { made, mapping } = holed(holes, populate);
      expect(runCount(entriesOf(made.host, mapping))).toBeGreaterThanOrEqual(holes);
      const copied = countCopied(() => access(made, mapping, kind, { pages: 2 * holes }));
      expect(runCount(entriesOf(made.host, mapping))).toBe(1);
      expect(mappingOf(made, mapping).present.pte).toBe(2 * holes);
      return copied;
    });
    expect(many! / few!).toBeLessThan(5);
  },
);
