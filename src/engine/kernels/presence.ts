import type { Change } from './change.ts';
import { isBefore, isBranchOf, versionOf, type Release, type Version } from './release.ts';

/** Whether a kernel has a change; null where nobody can say. */
export interface Presence {
  readonly has: boolean | null;
  readonly by: 'version' | 'probe' | null;
  readonly why: string;
}

/** Whether a release has a change, by its version alone. */
export function byVersion(change: Change, release: Release): Presence {
  const { version } = release;
  if (change.release === null && change.within === null) return ofDistribution(change, release);
  if (version === null) return { has: null, by: null, why: release.why };
  const { has, why } = inVersion(change, version);
  return { has, by: has === null ? null : 'version', why };
}

function ofDistribution({ debian, title }: Change, release: Release): Presence {
  if (debian === null || release.version === null || !release.debian)
    return { has: null, by: null, why: title };
  const has = !isBefore(release.version, versionOf(debian));
  return { has, by: 'version', why: `Debian builds it in from ${debian} on` };
}

interface Found {
  readonly has: boolean | null;
  readonly why: string;
}

function inVersion(change: Change, version: Version): Found {
  const { release, within } = change;
  const sure = versionOf(release ?? within!.last);
  if (!isBefore(version, sure)) {
    const inMerge = version.candidate && isBranchOf(version, sure);
    const since = release === null ? `at the latest in ${within!.last}` : `in ${release}`;
    return inMerge
      ? { has: null, why: `it came ${since}: whether before this candidate is not known` }
      : { has: true, why: `it came ${since}` };
  }
  if (within !== null && !isBefore(version, versionOf(within.first))) {
    return { has: null, why: `it came between ${within.first} and ${within.last}: not located` };
  }
  return inBranch(change, version);
}

/** Of a branch that is older than the change: only a backport brings it there. */
function inBranch({ release, within, backports, seen_without }: Change, version: Version): Found {
  const ofBranch = (list: readonly string[]) => list.find((each) => isBranchOf(versionOf(each), version));
  const from = ofBranch(backports);
  const without = ofBranch(seen_without);
  const came = release === null ? `after ${within!.first}` : `in ${release}`;
  if (from === undefined && without === undefined)
    return { has: false, why: `it came ${came}, and no backport of it is known` };
  const { point } = version;
  if (point === null) {
    const said = from === undefined ? `after ${without!} it may` : `${from} has it`;
    return { has: null, why: `it came ${came}; of this branch ${said}, and the point release is not told` };
  }
  if (from !== undefined && point >= versionOf(from).point!)
    return { has: true, why: `it came ${came}, and to this branch with ${from}` };
  if (without === undefined || point <= versionOf(without).point!) {
    return { has: false, why: `it came ${came}; ${without ?? `this branch before ${from!}`} lacks it` };
  }
  return {
    has: null,
    why: `it came ${came}; ${without} lacks it, and what came after of this branch was not seen`,
  };
}
