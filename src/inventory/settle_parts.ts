import { preferExact } from './merge_fields.ts';
import type { ListedObject, ListedParts, ListedValue } from './record.ts';

/**
 * The parts of a device, each filled from the others.
 *
 * A listing without -X names the dax device and no more: what it leaves out is its namespace's, but for the mode, of
 * which the namespace says nothing [M124]. A namespace has one dax device of its own size, so what is exact of one is
 * exact of the other, and of the region between them.
 */
export function settleParts({ namespace, dax_region: region, dax_device: device }: ListedParts): ListedParts {
  if (device === null) return { namespace, dax_region: region, dax_device: null };
  if (namespace === null) return { namespace, dax_region: region, dax_device: device };
  const size =
    device['size'] === undefined ? namespace['size'] : preferExact(namespace['size'], device['size']);
  const align = device['align'] ?? namespace['align'];
  return {
    namespace: withSize(namespace, size),
    dax_region: region === null ? null : withSize(region, size),
    dax_device: {
      ...device,
      ...(size === undefined ? {} : { size }),
      ...(align === undefined ? {} : { align }),
    },
  };
}

function withSize(object: ListedObject, exact: ListedValue | undefined): ListedObject {
  const size = object['size'];
  return size === undefined ? object : { ...object, size: preferExact(exact, size) };
}
