import { accessSteps } from './accesses.ts';
import { costSteps, isCost } from './cost.ts';
import { cxlSteps, isCxl } from './cxl.ts';
import { pagemapStep, processSteps } from './processes.ts';
import { eventSteps } from './event.ts';
import { isKmem, kmemSteps } from './kmem.ts';
import { followUpSteps } from './follow_ups.ts';
import { pinSteps } from './pins.ts';
import { isPoison, poisonSteps } from './poison.ts';
import type { Given, Observed, Recorded } from './recording.ts';
import { isRepurpose, repurposeSteps } from './repurpose.ts';
import { staleSteps } from './stale.ts';
import { beforeSteps, machineStep, stateSteps } from './state.ts';
import type { Step } from './step.ts';
import { topologySteps } from './topology.ts';
import { unmountedSteps } from './unmounted.ts';
import { viewOf } from './view.ts';
import type { RecordingView } from './view.ts';

/** A recording as API calls with what to compare, or why there is no such script. */
export type Script = { readonly steps: readonly Step[] } | { readonly not_covered: string };

/** What a recording is about, told by what it holds; its name is never read. */
export function scriptOf(recorded: Recorded): Script {
  const { recording, kernel } = recorded;
  if (recording.status === undefined) return { not_covered: 'no recording' };
  if (recording.status !== 'observed') return { not_covered: `nothing observed: ${recording.status}` };
  if (kernel === null) return { not_covered: `no profile for kernel ${recording.kernel}` };
  const { given, observed } = recording;
  if (given === undefined || observed === undefined) return { not_covered: 'nothing given' };
  if (isCost(given, observed)) return { steps: costSteps(viewOf(recorded, kernel)) };
  if (isRepurpose(observed)) return { steps: repurposeSteps(viewOf(recorded, kernel)) };
  if (isCxl(given, observed)) return { steps: cxlSteps(viewOf(recorded, kernel)) };
  if (isPoison(given)) return { steps: poisonSteps(viewOf(recorded, kernel)) };
  if (isKmem(given)) return { steps: kmemSteps(viewOf(recorded, kernel)) };
  const missing = beyond(given, observed);
  if (missing !== null) return { not_covered: missing };
  const view = viewOf(recorded, kernel);
  return { steps: [...topologySteps(view), ...bodyOf(view)] };
}

const TOPOLOGIES = new Set(['nvdimm', 'e820', 'virtio-pmem', 'hmem']);
const PARTS = ['processes', 'pin', 'operation', 'mapped_block_device_read', 'mount'] as const;

/** What a recording is about that this harness has no calls for: then it is not covered as a whole. */
function beyond(given: Given, observed: Observed): string | null {
  if (!TOPOLOGIES.has(given.topology ?? '')) return `topology ${given.topology ?? 'unknown'}`;
  const played = given.pin !== undefined || PARTS.some((part) => observed[part] !== undefined);
  return played ? null : `observes no ${PARTS.join(', ')}`;
}

function bodyOf(view: RecordingView): Step[] {
  const { given, observed } = view;
  if (observed.mount !== undefined) return [];
  if (given.pin !== undefined) return pinSteps(view);
  if (given.operation !== undefined) return staleSteps(view);
  if (observed.mapped_block_device_read !== undefined)
    return [...unmountedSteps(view), ...followUpSteps(view)];
  return [
    ...processSteps(view),
    ...beforeSteps(view),
    ...eventSteps(view),
    ...accessSteps(view),
    ...stateSteps(view),
    ...pagemapAfter(view),
    ...followUpSteps(view),
    ...(observed.state_end === undefined ? [] : [machineStep(view, 'at the end', observed.state_end)]),
  ];
}

function pagemapAfter(view: RecordingView): Step[] {
  return Object.entries(view.observed.processes ?? {}).flatMap(([name, { after_access }]) => {
    const present = after_access?.pagemap_first_page?.present;
    return present === undefined ? [] : [pagemapStep(name, 'after the accesses', present)];
  });
}
