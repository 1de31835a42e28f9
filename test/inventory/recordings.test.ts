import { describe, expect, it } from 'vitest';
import type { ListedObject, ListedValue } from '../../src/inventory/record.ts';
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
const FULL_NDCTL = 'ndctl list -RBNDMXvi';
const FULL_DAXCTL = 'daxctl list -RDM';

/** What `ndctl list -RNXMi` shows of a listing with buses and dimms. */
function regionsOf(text: string): ListedValue {
  const buses = (valueOf(text) ?? []) as ListedObject[];
  const regions = buses.flatMap((bus) => (bus['regions'] ?? []) as ListedObject[]);
  return regions.length === 0 ? null : unordered({ regions });
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
    const [ndctl, daxctl] = [listings.get(FULL_NDCTL)!, listings.get(FULL_DAXCTL)!];
    const alone = (text: string) => knownAfter(text);
    const all = knownAfter(...listings.values());
    for (const known of [alone(ndctl), all]) {
      const exported = exportOf('ndctl', known);
      expect(exported === '' ? null : unordered(valueOf(exported))).toEqual(regionsOf(ndctl));
    }
    for (const known of [alone(daxctl), all]) {
      expect(unordered(valueOf(exportOf('daxctl', known)))).toEqual(unordered(valueOf(daxctl)));
    }
  });

  it('[IMP4] importing an export changes nothing', () => {
    const states = [
      ...[...listings.values()].map((text) => knownAfter(text)),
      knownAfter(...listings.values()),
    ];
    for (const known of states) {
      for (const format of ['ndctl', 'daxctl'] as const) {
        const result = importInto(known, exportOf(format, known));
        expect(Object.values(changesOf(result)).filter((change) => change !== 'unchanged')).toEqual([]);
        expect(unordered(result.host as unknown as ListedValue)).toEqual(
          unordered(known.host as unknown as ListedValue),
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
