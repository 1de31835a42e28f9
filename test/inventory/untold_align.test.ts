import { describe, expect, test } from 'vitest';
import { hostAfter, printed, stateOf } from './support/played.ts';

const dax = (mode: string, more: object = {}): string =>
  JSON.stringify([{ chardev: 'dax1.0', size: 1054867456, target_node: 3, mode, ...more }]);
const NDCTL = JSON.stringify([{ dev: 'namespace1.0', mode: 'devdax', size: 1054867456, chardev: 'dax1.0' }]);
const alignOf = (...texts: string[]) => hostAfter(...texts).made.host.tables.dax_devices.get('dax1.0')?.align;

describe('[IMP61] an align that no listing tells', () => {
  test('is the default of the mode that is listed now, and not exported', () => {
    const ram = hostAfter(dax('devdax'), dax('system-ram'));
    expect(alignOf(dax('devdax'))).toBe(2 ** 21);
    expect(alignOf(dax('devdax'), dax('system-ram'))).toBeNull();
    expect(alignOf(dax('system-ram'), dax('devdax'))).toBe(2 ** 21);
    for (const format of ['daxctl', 'ndctl'] as const) expect(printed(ram, format)).not.toContain('align');
    expect(printed(ram, 'daxctl')).toBe(printed(hostAfter(dax('system-ram')), 'daxctl'));
  });

  test('is told by no order of listings', () => {
    expect(stateOf(hostAfter(NDCTL, dax('system-ram')))).toEqual(
      stateOf(hostAfter(dax('system-ram'), NDCTL)),
    );
  });

  test('one that is told stays in another mode', () => {
    expect(alignOf(dax('devdax', { align: 2 ** 30 }), dax('system-ram'))).toBe(2 ** 30);
    expect(alignOf(dax('devdax', { align: 2 ** 21 }), dax('system-ram'))).toBe(2 ** 21);
  });
});
