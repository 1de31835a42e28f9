import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outcomesOf } from '../../../src/engine/kernels/probe_outcomes.ts';
import { PROBES, type Answer, type Probe } from '../../../src/engine/kernels/probes.ts';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';
import { NO_PROBES, toldKernel } from '../../../src/engine/kernels/told.ts';
import type { KernelProbes } from '../../../src/engine/model/kernel_probes.ts';
import { isRefusal } from '../../../src/engine/model/refusal.ts';
import { cases } from '../../support/property.ts';

const RHEL_9 = '5.14.0-503.el9.x86_64';

/** What a host may answer to a probe. */
const answersOf = ({ answers }: Probe): Answer[] => [...answers, false];

function found(kernel_release: string, kernel_probes: KernelProbes) {
  return kernelFound({ kernel: 'resolved', kernel_release, kernel_probes });
}

/** With one more answer; null where no one kernel gives it beside the others. */
function withAnswer(told: KernelProbes, probe: Probe, name: string, answer: Answer): KernelProbes | null {
  const more = { ...told, [probe.kind]: { ...told[probe.kind], [name]: answer } };
  const kernel = toldKernel({ kernel_release: RHEL_9, kernel_probes: more }, null);
  return isRefusal(kernel) ? null : more;
}

/** Answers to some of the probes, none of which disproves another. */
const answered = fc
  .tuple(
    fc.shuffledSubarray([...PROBES]),
    fc.array(fc.nat({ max: 9 }), { minLength: PROBES.length, maxLength: PROBES.length }),
  )
  .map(([probes, choices]) =>
    probes.reduce<KernelProbes>((told, probe, at) => {
      const answers = answersOf(probe);
      return withAnswer(told, probe, probe.name, answers[choices[at]! % answers.length]!) ?? told;
    }, NO_PROBES),
  );

/** The changes that some answer to a probe settles beside what was told, sent under the name that is shown. */
function settledBy(told: KernelProbes, probe: Probe): Set<string> {
  const settled = answersOf(probe).flatMap((answer) => {
    const more = withAnswer(told, probe, probe.where, answer);
    const outcomes = more === null ? [] : outcomesOf(more);
    return outcomes.filter(({ name }) => name === probe.where).flatMap(({ changes }) => changes);
  });
  return new Set(settled);
}

describe('[KREL10] what is asked for', () => {
  test('is all that was not told, and of which an answer settles the change beside what was told', () => {
    fc.assert(
      fc.property(answered, (told) => {
        const untold = PROBES.filter(({ kind, name }) => !(name in told[kind]));
        const settling = untold.map((probe) => [probe.where, settledBy(told, probe)] as const);
        for (const { id, probes } of found(RHEL_9, told).unknown) {
          const asked = settling.filter(([, ids]) => ids.has(id)).map(([where]) => where);
          expect(probes.filter((each) => !each.endsWith(' of another region'))).toEqual(asked);
        }
      }),
      cases(60),
    );
  });

  test('of a kernel by its version is nothing that its version answers', () => {
    const { unknown } = found('6.1.0-30-amd64', NO_PROBES);
    expect(unknown.map(({ id, probes }) => [id, probes])).toContainEqual(['5cf32f63b0f4', []]);
    const vendor = found(RHEL_9, { ...NO_PROBES, symbols: { dax_holder_notify_failure: true } }).unknown;
    expect(vendor.find(({ id }) => id === '5cf32f63b0f4')!.probes).toEqual([
      'xfs_dax_notify_dev_failure in /proc/kallsyms of the xfs module',
    ]);
  });

  test('of a function with two names is the other, once one is told', () => {
    const probesOf = (symbols: KernelProbes['symbols']) =>
      found(RHEL_9, { ...NO_PROBES, symbols }).unknown.find(({ id }) => id === 'f55e017c6420')?.probes;
    expect(probesOf({})).toEqual(['fs_bdev_mark_dead in /proc/kallsyms', 'fs_mark_dead in /proc/kallsyms']);
    expect(probesOf({ fs_bdev_mark_dead: false })).toEqual(['fs_mark_dead in /proc/kallsyms']);
    expect(probesOf({ fs_bdev_mark_dead: false, fs_mark_dead: false })).toBeUndefined();
  });

  test('is asked again where what was told is no answer', () => {
    const asked = (ref: Answer) =>
      found(RHEL_9, { ...NO_PROBES, btf: { 'dev_pagemap.ref': ref } })
        .unknown.find(({ id }) => id === '27674ef6c73f')!
        .probes.filter((name) => name.startsWith('dev_pagemap.ref'));
    expect(asked(true)).toHaveLength(1);
    expect(asked('struct')).toEqual([]);
    expect(asked(false)).toEqual([]);
  });

  test('is another region where one does not tell, and it may be sent as it is asked for', () => {
    const told = (sysfs: KernelProbes['sysfs']) => found(RHEL_9, { ...NO_PROBES, sysfs });
    const ram = ({ unknown }: ReturnType<typeof told>) =>
      unknown.find(({ id }) => id === '09d09e04d2fc')?.probes;
    const pmem = { '/sys/bus/cxl/devices/region0/mode': 'pmem' };
    const another = '/sys/bus/cxl/devices/regionN/mode of another region';
    expect(ram(told(pmem))).toEqual([another]);
    const both = told({ ...pmem, [another]: 'ram' });
    expect(ram(both)).toBeUndefined();
    expect(both.probes.map(({ tells_nothing }) => tells_nothing)).toEqual([null, null]);
  });
});
