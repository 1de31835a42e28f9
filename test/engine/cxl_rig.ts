import type { Command } from '../../src/engine/model/command.ts';
import type { CreateDaxDevice, CxlPlace } from '../../src/engine/model/device_command.ts';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered } from './observe.ts';
import { addDevice, found, machine, MIB, type Machine } from './support.ts';

export const DAX = 'dax0.0';
export const GONE = { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind' } as const;

export function cxl(kernel: KernelName = 'v6.12', more: Partial<CreateDaxDevice> = {}): Machine {
  const made = machine(kernel);
  addDevice(made, { name: DAX, mode: 'devdax', provider: 'CXL', ...more });
  return made;
}

export function device(made: Machine, name = DAX): DaxDevice {
  return found(made.host.tables.dax_devices.get(name));
}

export function run(made: Machine, command: Command): string {
  const said = answered(made, command);
  finishAll(made);
  return said;
}

export function finishAll(made: Machine): void {
  for (const { id } of made.host.tables.removals.values()) {
    while (found(made.host.tables.removals.get(id)).state === 'running') {
      made.run({ type: 'advance_removal', removal: id });
    }
  }
}

export function create(place: CxlPlace, more: Partial<CreateDaxDevice> = {}): Command {
  const own = { name: 'dax1.0', mode: 'devdax', size: 64 * MIB, provider: 'CXL' } as const;
  return { type: 'create_dax_device', ...own, cxl: place, ...more };
}

export function memdevs(made: Machine): string {
  return [...made.host.tables.cxl_memdevs.values()].map(({ name, state }) => `${name} ${state}`).join(', ');
}

export function regions(made: Machine): string {
  const all = [...made.host.tables.cxl_regions.values()];
  return all.map((one) => `${one.name} ${one.decode_state} ${one.state}`).join(', ');
}
