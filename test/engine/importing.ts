import type { ImportedDevice, ImportInventory } from '../../src/engine/model/host_command.ts';
import type { LeftOut } from '../../src/engine/commands/left_out.ts';
import type { Machine } from './support.ts';

/** The import of a listing of these devices. */
export function importing(
  devices: readonly ImportedDevice[],
  more: Partial<ImportInventory> = {},
): ImportInventory {
  const named = devices.map(({ name }) => ({ name }));
  const imported = JSON.stringify({ devices: named, host_objects: [], skipped: [] });
  return { type: 'import_inventory', devices, imported, record: {}, ...more };
}

/** What an import leaves out. */
export function leftOutOf(made: Machine, command: ImportInventory): readonly LeftOut[] {
  return (JSON.parse(made.run(command)) as { readonly skipped: readonly LeftOut[] }).skipped;
}

/** The same in short: the name of each and the problem that it is left out for. */
export function refusedOf(made: Machine, command: ImportInventory): string[] {
  return leftOutOf(made, command).map(({ name, code }) => `${name}: ${code}`);
}
