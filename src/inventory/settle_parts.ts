import { preferExact } from './merge_fields.ts';
import { isOdd } from './lossless.ts';
import type { ListedObject, ListedParts, ListedValue } from './record.ts';

/**
 * The parts of a device, each filled from the others.
 *
 * A listing without -X names the dax device and no more: what it leaves out is its namespace's, but for the mode, of
 * which the namespace says nothing [M124]. A namespace has one dax device of its own size, so what is exact of one is
 * exact of the other, and of the region between them, where these are rounded to it [IMP71].
 */
export function settleParts(parts: ListedParts): ListedParts {
  const { namespace, dax_region: region, dax_device: device } = parts;
  if (device === null || namespace === null) return parts;
  const inherited = isOdd(namespace['size']) ? undefined : namespace['size'];
  const size = device['size'] === undefined ? inherited : exactOf(device['size'], inherited);
  const align = device['align'] ?? namespace['align'];
  return {
    ...parts,
    namespace:
      namespace['size'] === undefined ? namespace : { ...namespace, size: exactOf(namespace['size'], size) },
    dax_region: region === null ? null : withSize(region, size),
    dax_device: {
      ...device,
      ...(size === undefined ? {} : { size }),
      ...(align === undefined ? {} : { align }),
    },
  };
}

/** A size, or where that is the other one rounded, the other; one that cannot be read stays. */
function exactOf(size: ListedValue, other: ListedValue | undefined): ListedValue {
  return isOdd(size) ? size : preferExact(other, size);
}

function withSize(object: ListedObject, exact: ListedValue | undefined): ListedObject {
  const size = object['size'];
  return size === undefined ? object : { ...object, size: preferExact(exact, size) };
}
