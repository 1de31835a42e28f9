import type { Connection } from '../store/connection.ts';
import { prepareCounts } from '../store/count_fleet.ts';
import type { FleetCounts, RecordCounts } from '../store/fleet_counts.ts';
import { prepareLabelledDevices } from '../store/labelled_devices.ts';
import { prepareFleet } from '../store/load_fleet.ts';
import type { AssessmentQuery } from '../store/port.ts';
import { createAssessedFleet, type AssessedFleet, type HostFault } from './assessed_fleet.ts';
import { AHEAD, pageOf } from './assessed_page.ts';
import { createAssessedTexts } from './assessed_texts.ts';
import type { CountsText } from './kept_counts.ts';
import type { Work } from './serve_jobs.ts';
import { createSlices } from './assessor_slices.ts';

/** What the assessor is asked: a turn of a page of assessments, or the counts of the fleet, as JSON. */
export type AssessorJob = { readonly query: AssessmentQuery; readonly turn: number } | 'count_fleet';

/** A page; one that is `unfinished` is asked for again: others have had their turn then. */
export type AssessedPage = ReturnType<typeof pageOf>;

/** What the assessor answers, and which hosts it could not assess since it was last asked. */
export interface Assessed<Answer> {
  readonly answer: Answer;
  readonly faults: readonly HostFault[];
}

/**
 * Prepares assessing the fleet of a database, each time as it is committed then. Nothing is assessed before the first
 * job; what that leaves is, in slices between jobs.
 */
export function prepareAssess(
  db: Connection,
  now = (): number => performance.now(),
): Work<AssessorJob, Assessed<AssessedPage> | Assessed<CountsText>> {
  const fleet = prepareFleet(db);
  const assessed = createAssessedFleet(fleet);
  const slices = createSlices(now);
  const labelled = prepareLabelledDevices(db);
  const parts = {
    assessed,
    slices,
    labelled,
    texts: createAssessedTexts(assessed),
    oldestSeq: () => fleet.oldestSeq(),
  };
  const count = prepareCounts(db);
  const logged = new WeakSet<HostFault>();
  const told = <Answer>(answer: Answer): Assessed<Answer> => {
    const faults = [...assessed.faults.values()].filter((fault) => !logged.has(fault));
    for (const fault of faults) logged.add(fault);
    return { answer, faults };
  };
  return {
    // In one transaction, so that every host and as_of are of the same state.
    answer: db.transaction((job: AssessorJob) => {
      assessed.refresh();
      slices.begin('asked');
      return job === 'count_fleet'
        ? told(countsText(countFleet(count(), assessed)))
        : told(pageOf(parts, job.query, job.turn));
    }),
    between: db.transaction((): boolean => {
      slices.begin('ahead');
      while (!slices.isOver()) {
        const names = assessed.hosts.pending(slices.batch());
        if (names.length === 0) return false;
        slices.work(names.length, () => assessed.assess(names));
      }
      return true;
    }),
  };
}

function countsText(counts: FleetCounts): CountsText {
  return { text: JSON.stringify(counts), is_whole: counts.dax_devices.verdict.not_assessed === 0 };
}

/**
 * Counts of what is there, and of what a removal of each device now would leave where that is known. Of a few hosts that
 * are pending it is made known; of more nobody who only counts waits.
 */
function countFleet(counts: RecordCounts, assessed: AssessedFleet): FleetCounts {
  const pending = assessed.hosts.pending(AHEAD + 1);
  if (pending.length <= AHEAD) assessed.assess(pending);
  const { devices, contained, leaked, unsafe, exposed, undetermined, waiting, refused } =
    assessed.hosts.tally();
  const not_assessed = counts.dax_devices.total - devices;
  const verdict = { contained, leaked, unsafe, exposed, undetermined, waiting, refused, not_assessed };
  return { ...counts, dax_devices: { ...counts.dax_devices, verdict }, as_of: assessed.seen() };
}
