import { untoldChain, untoldOfDevice, untoldOfMemdev, untoldOfRegion } from '../device/cxl/untold.ts';
import type { CommandOf, CommandType } from '../model/command.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { Host } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import type { Untold } from '../model/untold.ts';
import { goesByCxl, viaOf } from '../model/via.ts';

type Asked<Type extends CommandType> = (host: Host, command: CommandOf<Type>) => Untold | null;

/** Of each command that may take more than it names. */
const UNTOLD: { readonly [Type in CommandType]?: Asked<Type> } = {
  remove_dax_device: untoldOfRemoval,
  remove_cxl_memdev: (host, { memdev }) => untoldOfMemdev(untoldChain(host), memdev),
  record_hotplug_event: (host, { action, dax_device }) => {
    if (action === 'add' || action === 'replace') return null;
    return untoldOfRemoval(host, { type: 'remove_dax_device', dax_device, trigger: action });
  },
};

/** What no listing has told of what goes with what a command names (CX21); null where all is told, or nothing goes along. */
export function untoldOf<Type extends CommandType>(host: Host, command: CommandOf<Type>): Untold | null {
  const type: Type = command.type;
  const asked = UNTOLD[type];
  return asked === undefined ? null : asked(host, command);
}

/** Of a removal: with its card where it goes by that, as by a bus event (CX10); with its region where by that. */
function untoldOfRemoval(
  host: Host,
  { dax_device, via, trigger }: Pick<RemoveDaxDevice, 'type' | 'dax_device' | 'via' | 'trigger'>,
): Untold | null {
  if (via === undefined ? trigger === 'unbind' : !goesByCxl(via)) return null;
  const device = deviceOf(host, dax_device);
  const chain = untoldChain(host);
  if (device.cxl_region !== null && viaOf(via)?.unbinds === 'cxl_region') {
    return untoldOfRegion(chain, device.cxl_region);
  }
  return untoldOfDevice(chain, device);
}
