import { describe, expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { REFUSAL_CODES } from '../../src/engine/model/refusal_codes.ts';
import { CONFLICT } from './refusals/conflict.ts';
import { KERNEL } from './refusals/kernel.ts';
import { NOT_FOUND } from './refusals/not_found.ts';

const CASES = [...NOT_FOUND, ...CONFLICT, ...KERNEL];

describe('a refusal', () => {
  for (const { code, when, errno, kernel, make } of CASES) {
    test(`${code}: ${when}`, () => {
      const [made, command] = make(kernel ?? 'v6.1');
      const decision = made.try(command);
      expect(isRefusal(decision) ? decision.code : 'answered').toBe(code);
      if (errno !== undefined) expect(decision).toMatchObject({ errno });
      expect(made.host).toEqual(made.events.reduce(apply, emptyHost()));
    });
  }
});

/** Codes that are said before a command reaches the engine; of kernels that are no profile, in undetermined.test.ts. */
const ELSEWHERE = ['malformed_inventory', 'hotplug_event_not_found', 'exposure_not_found', 'undetermined'];

/** Codes of records that are of no host, of the store, and those with a file of tests: put_topology, snapshot. */
const OF_OTHERS = [
  ...['webhook_not_found', 'delivery_not_found', 'webhook_disabled', 'event_not_kept'],
  ...['fault_rule_not_found', 'clock_not_manual', 'snapshot_unreadable'],
  ...['not_attainable', 'topology_too_large', 'snapshot_not_found', 'limit_reached'],
];

test('every code is refused by some command, or named: over HTTP each is answered in codes.test.ts', () => {
  const covered = new Set<string>([...CASES.map(({ code }) => code), ...ELSEWHERE, ...OF_OTHERS]);
  expect(Object.keys(REFUSAL_CODES).filter((code) => !covered.has(code))).toEqual([]);
});
