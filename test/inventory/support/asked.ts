import { foresee } from '../../../src/engine/foresee.ts';
import type { Command } from '../../../src/engine/model/command.ts';
import { isRefusal } from '../../../src/engine/model/refusal.ts';
import {
  CXL_REMOVE_VIAS,
  KERNEL_NAMES,
  REMOVE_TRIGGERS,
  REMOVE_VIAS,
} from '../../../src/engine/model/vocabulary.ts';
import { EXPORT_FORMATS } from '../../../src/inventory/export_listing.ts';
import { running } from '../../../src/engine/foresee.ts';
import { steadyContext } from '../../engine/support.ts';
import { printed, type PlayedHost } from './played.ts';

/** Every removal that may be asked of a host: of each device and memdev, by every trigger and way. */
export function removalsOf({ made }: PlayedHost): Command[] {
  const { dax_devices, cxl_memdevs } = made.host.tables;
  return REMOVE_TRIGGERS.flatMap((trigger) => [
    ...[...dax_devices.keys()].flatMap((dax_device) =>
      [undefined, ...REMOVE_VIAS].map((via): Command => {
        const command = { type: 'remove_dax_device', dax_device, trigger } as const;
        return via === undefined ? command : { ...command, via };
      }),
    ),
    ...[...cxl_memdevs.keys()].flatMap((memdev) =>
      CXL_REMOVE_VIAS.map((via): Command => ({ type: 'remove_cxl_memdev', memdev, trigger, via })),
    ),
  ]);
}

/** Asks the model all that it answers of a host, and every removal as a dry run; a throw is an error of the test. */
export function askAll(host: PlayedHost): void {
  const { made } = host;
  made.tryAsk({ type: 'assess_removals' });
  made.tryAsk({ type: 'survey_capacity' });
  for (const trigger of REMOVE_TRIGGERS) made.tryAsk({ type: 'plan_removals', trigger });
  for (const dax_device of made.host.tables.dax_devices.keys()) {
    made.tryAsk({ type: 'survey_holders', dax_device });
    made.tryAsk({ type: 'survey_memory_blocks', dax_device, start: 0, limit: 10 });
    const kernels = KERNEL_NAMES;
    made.tryAsk({ type: 'compare_removals', dax_device, trigger: 'surprise_removal', kernels });
  }
  for (const command of removalsOf(host)) foresee(made.host, command, steadyContext());
  for (const format of EXPORT_FORMATS) printed(host, format);
}

/** Does it, and runs what it began to rest; whether it was granted. */
export function doToRest({ made }: PlayedHost, command: Command): boolean {
  if (isRefusal(made.try(command))) return false;
  for (let due = running(made.host); due.length > 0; due = running(made.host)) {
    for (const { id } of due) made.run({ type: 'advance_removal', removal: id });
  }
  return true;
}
