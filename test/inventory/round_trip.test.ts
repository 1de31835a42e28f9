import { describe, expect, test } from 'vitest';
import type { ListedObject, ListedValue } from '../../src/inventory/record.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../src/inventory/export_listing.ts';
import { unordered, valueOf } from './support/host.ts';
import { hostAfter, printed, stateOf } from './support/played.ts';
import { recordedInventories } from './support/recordings.ts';

/** Every listing that was recorded and says something. */
const LISTINGS = recordedInventories().flatMap(({ name, listings }) =>
  [...listings]
    .filter(([, text]) => text !== '')
    .map(([command, text]) => ({ of: `${command} of ${name}`, command, text })),
);

function formatOf(command: string): ExportFormat {
  return EXPORT_FORMATS.find((format) => command.startsWith(`${format} `))!;
}

/** With -u numbers are rounded, in hex, and one object stands without its array. */
const isExact = ({ command }: { readonly command: string }): boolean => !/ -\w*u/.test(command);

/** Of `daxctl list` without -R: the export has each device in a region. */
function inRegions(command: string, value: ListedValue): ListedValue {
  if (!command.startsWith('daxctl') || !Array.isArray(value)) return value;
  return (value as ListedObject[]).map((object) => {
    const { chardev } = object;
    if (typeof chardev !== 'string') return object;
    const id = Number(/\d+/.exec(chardev)![0]);
    return { id, devices: [object] };
  });
}

describe('[IMP21] the round trip of a recorded listing', () => {
  test('is of all 1046', () => {
    expect(LISTINGS).toHaveLength(1046);
  });

  test('alone it is exported as it was imported, whatever its flags', () => {
    const exact = LISTINGS.filter(isExact);
    expect(exact.length).toBeGreaterThan(750);
    for (const { of, command, text } of exact) {
      const said = printed(hostAfter(text), formatOf(command)) || '[]';
      expect(unordered(valueOf(said)), of).toEqual(unordered(inRegions(command, valueOf(text))));
    }
  });

  test('its export makes the same host elsewhere, and is exported equal there', () => {
    for (const { of, command, text } of LISTINGS) {
      const host = hostAfter(text);
      const elsewhere = hostAfter(printed(host, formatOf(command)));
      expect(stateOf(elsewhere), of).toEqual(stateOf(host));
    }
  });
});
