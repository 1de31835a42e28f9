import { PROFILES } from '../src/engine/kernels/profiles.ts';
import type { StepParameters, StepResult } from '../src/engine/model/removal.ts';
import type { StepName } from '../src/engine/model/vocabulary.ts';
import type { Asked } from './ask.ts';
import { isDax, PINS } from './dimensions.ts';

/**
 * The rules that decide a cell, told by what the removal did there: the steps that ran and what they
 * answered, the parameters of the kernel's profile, the entries before and after. Kernels are not named: a rule
 * of one kernel is a rule of its steps.
 */
export function decidedBy(asked: Asked): string[] {
  const { refused } = asked.outcome;
  if (refused !== null) return [...refusals(asked, refused)];
  if (!isDax(asked.cell.place)) return [...withoutDax(asked)];
  if (asked.cell.place.mode === 'devdax') return [...cxl(asked), ...devdax(asked), ...pins(asked)];
  return [...new Set([...cxl(asked), ...entries(asked), ...touches(asked), ...pins(asked)])];
}

function* refusals({ cell }: Asked, refused: string): Generator<string> {
  if (refused.startsWith('device: ')) yield 'M95';
  if (refused === 'mount: EINVAL') yield 'R13';
  if (refused === 'mmap: EOPNOTSUPP') yield 'R9';
  if (refused === 'mmap: EINVAL') yield 'R10';
  if (refused === 'pin: EOPNOTSUPP') yield cell.place.mode === 'devdax' ? 'R113' : 'R112';
}

/** The page cache is RAM: nothing of it is the device's. */
function* withoutDax({ cell }: Asked): Generator<string> {
  if (cell.place.mount === null) yield 'R94';
  else yield cell.mapping === 'never touched' ? 'R98' : 'R97';
}

/** What of the CXL chain is unbound under the device. */
function* cxl({ cell }: Asked): Generator<string> {
  const { mode, via } = cell.place;
  if (via === 'cxl_region' && mode === 'devdax') yield 'M102';
  if (via === 'cxl_mem') yield mode === 'devdax' ? 'M96' : 'M98';
  if (via === 'cxl_pci') yield mode === 'devdax' ? 'M100' : 'M99';
}

/** One inode, unmapped whole; no signal at rest. */
function* devdax(asked: Asked): Generator<string> {
  if (isLetter(asked)) yield 'FU8';
  yield* ['R102', 'R103'];
}

/** What the removal does to the entries of the process: the holder of the device, the mass failure, or nobody. */
function* entries(asked: Asked): Generator<string> {
  const { cell } = asked;
  const notified = resultOf(asked, 'dax_holder_notify_failure');
  const failed = resultOf(asked, 'dev_pagemap_failure');
  if (cell.place.shutdown) yield cell.place.mount?.fs_type === 'ext4' ? 'R154' : 'R155';
  if (failed !== null) yield* massFailure(asked);
  else if (notified?.errno === 'EIO') yield 'R74';
  else if (notified !== null && notified.holder !== null && notified.errno === undefined) yield* walk(asked);
  else yield untouched(asked);
  if (cell.mapping === 'storing') yield 'R158';
}

/** xfs with rmapbt is told and walks its files. */
function* walk(asked: Asked): Generator<string> {
  const { kill, mapping } = asked.cell;
  if (asked.outcome.state === 'stuck') yield* ['R54', 'R55'];
  if (mapping === 'never touched') yield 'R63';
  else if (collectOf(asked, 'dax_holder_notify_failure') === 'every_leader_with_entry') {
    yield kill.mce_kill === 'late' ? 'R62' : kill.early_kill === 1 ? 'R60' : kill.neighbour ? 'R59' : 'R58';
  } else if (kill.mce_kill === 'late' && kill.neighbour) yield kill.early_kill === 1 ? 'R61' : 'R59';
  else if (kill.early_kill === 1) yield 'R60';
  else yield kill.neighbour || kill.mce_kill === 'early' ? 'R59' : 'R58';
}

/** The series: memory_failure() over every pfn. */
function* massFailure(asked: Asked): Generator<string> {
  const { kill } = asked.cell;
  switch (collectOf(asked, 'dev_pagemap_failure')) {
    case 'every_leader_with_entry':
      yield* ['FU2', 'FU3'];
      return;
    case 'current_only':
      yield 'R84';
      return;
    case 'early_kill_or_current':
      if (kill.early_kill === 1) yield 'R87';
      else yield kill.neighbour || kill.mce_kill === 'early' ? 'R85' : 'R86';
      return;
    case undefined:
      throw new Error('a mass failure that collects nobody');
  }
}

/** Nobody unmaps anything: there is no holder, it has no rmapbt, or that kernel has no such call. */
function untouched({ cell }: Asked): string {
  const mount = cell.place.mount;
  if (mount?.fs_type === 'ext4') return 'R21';
  if (mount?.rmapbt === true) return 'R53';
  return mount?.reflink === true ? 'R47' : 'R46';
}

/** What the process gets when it touches: an entry that is left, or a fault on a device that is dead. */
function* touches({ cell, outcome, after }: Asked): Generator<string> {
  if (outcome.state === 'stuck') return;
  if (cell.mapping === 'never touched') {
    yield 'R26';
    return;
  }
  const left = after !== null && after.pte + after.pmd > 0;
  if (!left || cell.place.shutdown || cell.mapping === 'storing') return;
  const ext4 = cell.place.mount?.fs_type === 'ext4';
  if (cell.mapping === 'private, clean') yield 'R30';
  else if (cell.mapping === 'private, copied') yield 'R31';
  else if (cell.mapping === 'MAP_SYNC' && ext4) yield 'R28';
  else yield ext4 ? (cell.mapping === 'shared, PTE' ? 'R23' : 'R22') : 'R48';
}

/** Whether the removal waits for the pin, and what becomes of one that it does not wait for. */
function* pins(asked: Asked): Generator<string> {
  const { cell, outcome } = asked;
  const pin = PINS[cell.pin] ?? null;
  if (pin === null || outcome.state === 'stuck') return;
  if (cell.place.mode === 'devdax') yield pin.kind === 'longterm' ? 'R115' : 'R116';
  else yield cell.place.mount?.rmapbt === true ? 'R118' : 'R117';
  const failed = resultOf(asked, 'dev_pagemap_failure') !== null;
  if (failed) yield isLetter(asked) ? 'FU7' : 'R92';
  if (outcome.state === 'waiting') yield 'R119';
  else if (outcome.hazards.some(({ kind }) => kind === 'pin_outlives_pgmap')) {
    const released = { io_uring: 'R123', AF_XDP: 'R125', vmsplice: 'R126' }[cell.pin];
    if (released !== undefined) yield released;
  }
}

/** The series as its letter tells it: every translation of every process goes. */
function isLetter(asked: Asked): boolean {
  return collectOf(asked, 'dev_pagemap_failure') === 'every_leader_with_entry';
}

function resultOf({ removal }: Asked, name: StepName): StepResult | null {
  return removal?.steps.find((step) => step.name === name)?.result ?? null;
}

function collectOf({ cell }: Asked, name: StepName): StepParameters['collect'] {
  return PROFILES[cell.kernel].steps.fsdax.find((step) => step.name === name)?.parameters.collect;
}
