import type { AnswerTo } from './answer.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import { must } from './model/lookup.ts';
import type { RemovalRecord } from './model/removal.ts';

/** Of each command that begins removals: what it answered, with all in it as it is now. */
const NOW: {
  readonly [Type in CommandType]?: (host: Host, answer: AnswerTo<Type>) => AnswerTo<Type>;
} = {
  remove_dax_device: removalNow,
  record_hotplug_event: (host, { record, removals }) => ({
    record,
    removals: removals.map((removal) => removalNow(host, removal)),
  }),
  remove_cxl_memdev: (host, { cxl_memdev, cxl_regions, removals }) => ({
    cxl_memdev: must(host.tables.cxl_memdevs.get(cxl_memdev.name), cxl_memdev.name),
    cxl_regions: cxl_regions.map(({ name }) => must(host.tables.cxl_regions.get(name), name)),
    removals: removals.map((removal) => removalNow(host, removal)),
  }),
};

/** Whether a command may begin removals. */
export function beginsRemovals({ type }: CommandOf): boolean {
  return type in NOW;
}

/** What a command answered, as it stands now: the removals that it began have gone on. */
export function asItStands<Type extends CommandType>(
  host: Host,
  type: Type,
  answer: AnswerTo<Type>,
): AnswerTo<Type> {
  return NOW[type]?.(host, answer) ?? answer;
}

function removalNow({ tables }: Host, { id }: RemovalRecord): RemovalRecord {
  return must(tables.removals.get(id), `removal ${id}`);
}
