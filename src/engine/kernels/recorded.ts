import type { KernelName } from '../model/vocabulary.ts';
import { PROFILE_RELEASES } from './profile_releases.ts';

/**
 * The profile that was recorded on this very build, or null: another build of the same point release has the same
 * changes, and defaults, a configuration and a compiler of its own.
 */
export function recordedProfile(told: string): KernelName | null {
  const build = /#\d+ [^()]*\bDebian (\S+)/.exec(told)?.[1] ?? told;
  return PROFILE_RELEASES.find(({ builds }) => builds.includes(build))?.kernel ?? null;
}
