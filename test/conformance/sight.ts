import { listedAs, type NotCompared } from './not_compared.ts';
import { leavesOf, otherValues } from './leaves.ts';
import type { Leaf } from './leaves.ts';
import type { Recorded } from './recording.ts';
import { scriptOf } from './script.ts';
import type { Body, Call, Reply, Step, World } from './step.ts';

/** How the leaves of recordings are looked at, by count, and those that nobody looks at. */
export interface Sight {
  readonly compared: number;
  readonly listed: number;
  /** The rows that list them. */
  readonly rows: ReadonlySet<NotCompared>;
  /** Neither: paths, as often as they occur. */
  readonly overlooked: readonly string[];
}

/**
 * Which leaves of a recording its script depends on. A leaf is compared when another value in its place would
 * change what is expected of the service, or what is asked of it; one that is not is listed when the table of what is
 * not compared has its path, and overlooked when it has not. Nothing is played: the script alone tells.
 */
export async function sightOf(recorded: Recorded): Promise<Sight> {
  const copy: Recorded = { ...recorded, recording: structuredClone(recorded.recording) };
  const script = scriptOf(copy);
  if ('not_covered' in script) return { compared: 0, listed: 0, rows: new Set(), overlooked: [] };
  const before: Told = { steps: script.steps, asked: await requests(script.steps) };
  const overlooked: string[] = [];
  const rows = new Set<NotCompared>();
  let listed = 0;
  let compared = 0;
  for (const leaf of leavesOf(copy.recording)) {
    if (await isSeen(leaf, copy, before)) {
      compared += 1;
      continue;
    }
    const row = listedAs(leaf.path, leaf.value);
    if (row === null) overlooked.push(leaf.path);
    else {
      listed += 1;
      rows.add(row);
    }
  }
  return { compared, listed, rows, overlooked };
}

interface Told {
  readonly steps: readonly Step[];
  readonly asked: string;
}

async function isSeen(leaf: Leaf, copy: Recorded, before: Told): Promise<boolean> {
  for (const other of otherValues(leaf.value)) {
    const undo = leaf.replace(other);
    try {
      if (await isOther(copy, before)) return true;
    } finally {
      undo();
    }
  }
  return false;
}

/** A script that cannot be made of it any more is another one too. */
async function isOther(copy: Recorded, before: Told): Promise<boolean> {
  try {
    const script = scriptOf(copy);
    if ('not_covered' in script || !expectSame(script.steps, before.steps)) return true;
    return (await requests(script.steps)) !== before.asked;
  } catch {
    return true;
  }
}

function expectSame(steps: readonly Step[], others: readonly Step[]): boolean {
  if (steps.length !== others.length) return false;
  return steps.every(({ label, checks }, n) => {
    const other = others[n];
    if (other?.label !== label || other.checks.length !== checks.length) return false;
    return checks.every(({ name, expected }, at) => {
      const check = other.checks[at];
      return check?.name === name && check.expected === expected;
    });
  });
}

/** What is asked of a service that answers everything in the same way. */
async function requests(steps: readonly Step[]): Promise<string> {
  const asked: string[] = [];
  const call: Call = (method, path, body) => {
    asked.push(`${method} ${path} ${JSON.stringify(body)}`);
    return Promise.resolve(ANSWER);
  };
  const world: World = { call, host: 'host', ids: new Map(), records: new Map(), log: [] };
  for (const { request } of steps) await request?.(world);
  return asked.join('\n');
}

const BODY: Body = {
  ...{ id: 'id', uid: 'uid', pid: 1, name: 'name', address: '0x0', state: 'completed', size: 1 },
  ...{ items: [], removals: [], extents: [], base_pfn: 0 },
};
const ANSWER: Reply = { status: 200, body: BODY, headers: {} };
