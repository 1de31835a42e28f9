import type { AnswerTo } from './answer.ts';
import type { CommandType } from './model/command.ts';
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
  remove_cxl_memdev: (host, { cxl_memdev, cxl_regions, removals, ...told }) => ({
    ...told,
    cxl_memdev: must(host.tables.cxl_memdevs.get(cxl_memdev.name), cxl_memdev.name),
    cxl_regions: cxl_regions.map(({ name }) => must(host.tables.cxl_regions.get(name), name)),
    removals: removals.map((removal) => removalNow(host, removal)),
  }),
};

/** Whether a command may begin removals. */
export function beginsRemovals({ type }: { readonly type: CommandType }): boolean {
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

/** The removals in an answer, whatever else is in it. */
export function removalsIn(answer: unknown): readonly RemovalRecord[] {
  const found: RemovalRecord[] = [];
  mapRemovals(answer, (removal) => {
    found.push(removal);
    return removal;
  });
  return found;
}

/** An answer with its removals changed: one is a removal itself, or has some beside what else it tells. */
export function mapRemovals<Answer>(
  answer: Answer,
  change: (removal: RemovalRecord) => RemovalRecord,
): Answer {
  const { steps, removals } = { ...answer } as Partial<RemovalRecord> & Begun;
  if (steps !== undefined) return change(answer as RemovalRecord) as Answer;
  return removals === undefined ? answer : { ...answer, removals: removals.map(change) };
}

interface Begun {
  readonly removals?: readonly RemovalRecord[];
}

function removalNow({ tables }: Host, { id }: RemovalRecord): RemovalRecord {
  return must(tables.removals.get(id), `removal ${id}`);
}
