import type { Choice } from '../../src/engine/kernels/unsettled.ts';

/** A choice that is in no table: whether something called `id` is one of these. */
export function choice(id: string, ...labels: readonly string[]): Choice {
  return { id, facts: [id], values: labels.map((label) => ({ label })), probes: [] };
}
