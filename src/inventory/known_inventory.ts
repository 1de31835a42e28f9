import type { CurrentInventory } from './current_inventory.ts';
import type { InventoryDeviceRecord, InventoryHostRecord } from './record.ts';

/** What is known of a host before an import: as it is now, see `currentInventory`. */
export interface KnownInventory {
  readonly host: InventoryHostRecord;
  readonly devices: readonly InventoryDeviceRecord[];
  /** How the tools print each device now; absent: as it was listed. */
  readonly shown?: CurrentInventory['shown'];
  /** Devices whose removal has not ended; absent: none. */
  readonly removing?: CurrentInventory['removing'];
  /** The nd regions that are not there, for their CXL region has no driver; absent: none. */
  readonly idle_regions?: CurrentInventory['idle_regions'];
}
