import type { KernelName } from '../model/vocabulary.ts';
import { PROFILE_RELEASES } from './profile_releases.ts';
import { readRelease } from './release.ts';

/** The profile of a release that was recorded itself, or null: only that point release deserves to be called so. */
export function recordedProfile(told: string): KernelName | null {
  const { version } = readRelease(told);
  if (version === null || version.point === null || version.candidate) return null;
  const spelled = [version.major, version.minor, version.point].join('.');
  return PROFILE_RELEASES.find(({ release }) => release === spelled)?.kernel ?? null;
}
