/** A version of Linux: `6.1.112`; `point` is null where only the branch is known. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly point: number | null;
  /** A candidate of x.y: what came into x.y may be in it, or not yet. */
  readonly candidate: boolean;
}

/** What a kernel says that it is. */
export interface Release {
  /** `uname -r`, or what was told in its place. */
  readonly told: string;
  /** Null where the version says nothing about what the kernel does. */
  readonly version: Version | null;
  /** Whether it lies beyond all whose changes are known: no fact of it is one of the values that are known (KREL8). */
  readonly beyond: boolean;
  /** Whether Debian built it: what is a default of the distribution follows from that. */
  readonly debian: boolean;
  /** How it was read, and why, in words. */
  readonly why: string;
}

/** The oldest and the newest branch of which the changes are known. */
const OLDEST = '5.10';
const NEWEST = '7.3';

const NUMBERS = String.raw`(\d+)\.(\d+)(?:\.(\d+))?`;
const ARCHITECTURE = '(?:amd64|arm64|686|686-pae|armmp|ppc64el|riscv64|s390x|loong64)';

interface Form {
  readonly form: RegExp;
  readonly of: string;
  readonly debian?: true;
  /** Whether the third number is one of an ABI, which names no point release. */
  readonly hides_point?: true;
}

/**
 * Kernels that are those of kernel.org: by the names that their distributions give them. Tried in this order. A bare
 * `x.y.z-N` is spelled by every vendor: it is Debian's where Debian has released that branch, counts its packages from
 * 1, and has no package of a x.y.0.
 */
const FORMS: readonly Form[] = [
  {
    form: new RegExp(String.raw`#\d+ [^()]*\bDebian ${NUMBERS}((?:~|-)rc\d+)?-\d`),
    of: 'a package version of Debian',
    debian: true,
  },
  {
    form: new RegExp(String.raw`^${NUMBERS}(~rc\d+)?-\d+(?:\.\d+)?(?:~deb\d+u\d+|~bpo\d+\+\d+|~exp\d+)$`),
    of: 'a package version of Debian',
    debian: true,
  },
  {
    form: /^(5|6)\.((?<=5\.)10|(?<=6\.)1|(?<=6\.)12)\.([1-9]\d*)()-[1-9]$/,
    of: 'a package version of a release of Debian',
    debian: true,
  },
  {
    form: new RegExp(
      String.raw`^${NUMBERS}(-rc\d+)?\+(?:deb\d+|bpo)(?:\.\d+)?(?:-cloud|-rt)?-${ARCHITECTURE}$`,
    ),
    of: 'a kernel of Debian',
    debian: true,
  },
  {
    form: new RegExp(
      String.raw`^(\d+)\.(\d+)\.0()-(?:0\.(?:bpo|deb\d+)\.)?\d+(?:\.bpo\.\d+)?(?:-cloud|-rt)?-${ARCHITECTURE}$`,
    ),
    of: 'a kernel of Debian by the number of its ABI, which hides the point release: uname -v shows it',
    debian: true,
    hides_point: true,
  },
  {
    form: new RegExp(String.raw`^${NUMBERS}(-rc\d+)?-(?:cloud-|rt-)?${ARCHITECTURE}$`),
    of: 'a kernel of Debian',
    debian: true,
  },
  {
    form: new RegExp(String.raw`^${NUMBERS}(-0\.rc\d+)?[-.\w]*\.fc\d+(?:\.\w+)?$`),
    of: 'a kernel of Fedora, which follows kernel.org',
  },
  {
    form: new RegExp(String.raw`^${NUMBERS}(-rc\d+)?-(?:arch\d+-\d+|\d+-lts)$`),
    of: 'a kernel of Arch, which follows kernel.org',
  },
  {
    form: new RegExp(String.raw`^${NUMBERS}()-[-.\w]*\.amzn2023(?:\.\w+)?$`),
    of: 'a kernel of Amazon Linux 2023, whose name has the point release',
  },
  { form: new RegExp(String.raw`^${NUMBERS}(-rc\d+)?$`), of: 'a kernel of kernel.org' },
];

/** Names that tell a vendor, whose version is no evidence of what a kernel does. */
const VENDORS: readonly (readonly [form: RegExp, of: string])[] = [
  [/uek/, 'a kernel of Oracle (UEK)'],
  [/\.el\d+/, 'a kernel of RHEL, or of who builds it again'],
  [/microsoft/, 'a kernel of WSL'],
  [/android/, 'a kernel of Android'],
  [/-default$/, 'a kernel of SUSE'],
  [/-pve$/, 'a kernel of Proxmox'],
  [/-(?:generic|lowlatency|aws|azure|gcp|gke|oracle|ibm|kvm|oem|raspi|nvidia)/, 'a kernel of Ubuntu'],
];

/** Reads `uname -r`, or a package version of Debian, or `uname -v` where that names one. It never fails. */
export function readRelease(told: string): Release {
  for (const { form, of, debian = false, hides_point } of FORMS) {
    const found = form.exec(told);
    if (found === null) continue;
    const [, major, minor, third, candidate] = found;
    const point = hides_point === true || third === undefined ? null : Number(third);
    const version = {
      major: Number(major),
      minor: Number(minor),
      point,
      candidate: isCandidate(hides_point ? '' : candidate),
    };
    return within(told, version, debian, of);
  }
  const [, vendor] = VENDORS.find(([form]) => form.test(told)) ?? [null, 'not a name that kernel.org gives'];
  return ofVendor(told, vendor);
}

/** A vendor takes changes back into the version that its name begins with, and leaves others out. */
function ofVendor(told: string, vendor: string): Release {
  const none = { told, version: null, debian: false };
  const [head] = /^\d+\.\d+/.exec(told) ?? [];
  if (head === undefined) {
    return { ...none, beyond: true, why: `${vendor}, and says no version: nothing is known of it` };
  }
  const out = beyond(versionOf(head));
  if (out !== null) return { ...none, beyond: true, why: `${vendor}, ${out}` };
  return { ...none, beyond: false, why: `${vendor}: its version is no evidence of what it does` };
}

function isCandidate(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function within(told: string, version: Version, debian: boolean, of: string): Release {
  const out = beyond(version);
  if (out === null) return { told, version, beyond: false, debian, why: of };
  return { told, version: null, beyond: true, debian, why: `${of}, ${out}` };
}

/** Why nothing is known of a branch; null of those whose changes are. */
function beyond(version: Version): string | null {
  if (isBefore(version, versionOf(OLDEST))) return `older than ${OLDEST}: nothing is known of it`;
  if (isBefore(versionOf(NEWEST), version)) return `newer than ${NEWEST}: what changed since is not known`;
  return null;
}

/** A release as the tables spell it: `6.5`, `6.1.112`. */
export function versionOf(text: string): Version {
  const [major, minor, point] = text.split('.').map(Number);
  return { major: major!, minor: minor!, point: point ?? null, candidate: false };
}

/** Whether the branch of a version is older than that of another. */
export function isBefore(version: Version, other: Version): boolean {
  return version.major < other.major || (version.major === other.major && version.minor < other.minor);
}

/** Whether two versions are of one branch: 6.1.4 and 6.1.192. */
export function isBranchOf(version: Version, other: Version): boolean {
  return version.major === other.major && version.minor === other.minor;
}
