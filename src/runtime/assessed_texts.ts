import { LRUCache } from 'lru-cache';
import { adviceOn } from '../engine/questions/assess.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { AssessedFleet } from './assessed_fleet.ts';
import { hasImpact, type AssessedRow } from './assessed_host.ts';
import type { KnownHost } from './known_hosts.ts';

/** A device on a page, and its host as it was known when it was found. */
export interface FoundDevice {
  readonly name: string;
  readonly known: KnownHost;
  readonly row: AssessedRow;
}

/** Assessments serialised, with their advice: made for pages, and kept for the next ones. */
export interface AssessedTexts {
  /** Whether it is made already. */
  readonly has: (device: FoundDevice) => boolean;
  readonly of: (device: FoundDevice) => string;
}

/** Some pages of the largest size. */
const TEXTS_MAX = 4_096;

/** Texts by the keys of devices; each is of its host until an event concerns that one. */
export function createAssessedTexts(assessed: Pick<AssessedFleet, 'open'>): AssessedTexts {
  const texts = new LRUCache<number, { readonly text: string; readonly known: KnownHost }>({
    max: TEXTS_MAX,
  });
  const find = ({ row, known }: FoundDevice): string | undefined => {
    const kept = texts.get(row.key);
    return kept?.known === known ? kept.text : undefined;
  };
  return {
    has: (device) => find(device) !== undefined,
    of: (device) => {
      const kept = find(device);
      if (kept !== undefined) return kept;
      const { row, known, name } = device;
      const { host, assessments } = assessed.open(name);
      const assessment = assessments.find(({ dax_device }) => dax_device === row.dax_device)!;
      const advice = needsAdvice(assessment) ? adviceOn(host, row.dax_device) : [];
      const text = JSON.stringify({ ...assessment, advice });
      texts.set(row.key, { text, known });
      return text;
    },
  };
}

function needsAdvice(assessment: Assessment): boolean {
  const { superblocks, pages } = assessment.residue;
  if (superblocks > 0 || pages > 0) return true;
  // Where no removal can begin, of what an earlier one has left.
  if (assessment.refused !== null) return assessment.state !== null;
  return assessment.verdict !== 'contained' || assessment.hazards.length > 0 || hasImpact(assessment);
}
