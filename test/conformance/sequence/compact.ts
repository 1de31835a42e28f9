import { compact } from '../compact.ts';
import type { Recording } from '../recording.ts';

/** A sequence without what the copies kept here do without: the guest's log, and the steps as they were asked for. */
export function compactSequence(recording: Recording): unknown {
  const { raw: _raw, given, ...rest } = recording;
  const told = Object.entries(given ?? {}).filter(([key]) => key !== 'script');
  return compact({ ...rest, given: Object.fromEntries(told) });
}
