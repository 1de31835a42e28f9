import { describe, expect, it } from 'vitest';
import { EXPORT_FORMATS, type ExportFormat } from '../../src/inventory/export_listing.ts';
import type { KnownInventory } from '../../src/inventory/known_inventory.ts';
import { estimated } from '../../src/inventory/printable.ts';
import type { ListedValue } from '../../src/inventory/record.ts';
import {
  after,
  changesOf,
  exportOf,
  importInto,
  knownAfter,
  NOTHING,
  unordered,
  valueOf,
} from './support/host.ts';
import { otherListing, otherListings, recordedInventories } from './support/recordings.ts';

const INVENTORIES = recordedInventories();
/** With every flag that shows more of what is there. */
const FULL = { ndctl: 'ndctl list -RBNDMXvi', daxctl: 'daxctl list -RDM', cxl: 'cxl list -vvv' } as const;

/** What a listing, or an export of what is known, says, in whichever order; nothing is null. */
function exported(format: ExportFormat, from: string | KnownInventory): ListedValue {
  const value = valueOf(typeof from === 'string' ? from : exportOf(format, from));
  return Array.isArray(value) && value.length === 0 ? null : unordered(value);
}

describe.each(INVENTORIES)('recorded inventory $name', ({ listings }) => {
  it('imports every listing, and the same listing again changes nothing', () => {
    for (const [command, text] of listings) {
      const first = importInto(NOTHING, text);
      expect(['empty', command.split(' ')[0]]).toContain(first.format);
      const known = after(NOTHING, text);
      const again = importInto(known, text);
      expect(again.host).toEqual(known.host);
      expect(Object.values(changesOf(again)).filter((change) => change !== 'unchanged')).toEqual([]);
      expect(again.host_objects.filter(({ change }) => change !== 'unchanged')).toEqual([]);
    }
  });

  it('knows the same in whichever order its listings come', () => {
    const texts = [...listings.values()];
    const orders = [texts, [...texts].reverse(), [...texts.slice(5), ...texts.slice(0, 5)]];
    const [first, ...others] = orders.map((order) => knownAfter(...order));
    for (const other of others) {
      expect(other.devices).toEqual(first!.devices);
      expect(unordered(other.host as unknown as ListedValue)).toEqual(
        unordered(first!.host as unknown as ListedValue),
      );
    }
  });

  it('[IMP4] exports what was imported', () => {
    const all = knownAfter(...listings.values());
    for (const format of EXPORT_FORMATS) {
      const text = listings.get(FULL[format])!;
      for (const known of [knownAfter(text), all]) {
        expect(exported(format, known)).toEqual(exported(format, text));
      }
    }
  });

  it('[IMP4] importing an export changes nothing', () => {
    const states = [
      ...[...listings.values()].map((text) => knownAfter(text)),
      knownAfter(...listings.values()),
    ];
    for (const known of states) {
      for (const format of EXPORT_FORMATS) {
        const result = importInto(known, exportOf(format, known));
        expect(Object.values(changesOf(result)).filter((change) => change !== 'unchanged')).toEqual([]);
        expect(result.host_objects.filter(({ change }) => change !== 'unchanged')).toEqual([]);
        expect(unordered(estimated(result.host as unknown as ListedValue))).toEqual(
          unordered(estimated(known.host as unknown as ListedValue)),
        );
      }
    }
  });
});

describe.each(otherListings())('listing %s', (name) => {
  it('imports, and again changes nothing', () => {
    const known = after(NOTHING, otherListing(name));
    const again = importInto(known, otherListing(name));
    expect(again.host).toEqual(known.host);
    expect(again.devices.filter(({ change }) => change !== 'unchanged')).toEqual([]);
  });
});
