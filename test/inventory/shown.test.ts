import { expect, test } from 'vitest';
import {
  DEVICE_MODES,
  DEVICE_STATES,
  type DeviceMode,
  type DeviceState,
} from '../../src/engine/model/vocabulary.ts';
import { shownAs } from '../../src/inventory/shown.ts';

/** namespace / dax device, the mode of the latter where it is shown. */
function words(mode: DeviceMode, state: DeviceState, parent_bound: boolean, is_present = true): string {
  const { namespace, dax_device, dax_mode } = shownAs({ mode, state, parent_bound, is_present });
  return `${namespace} / ${dax_device === 'none' ? 'none' : `${dax_device} ${dax_mode}`}`;
}

const UNBOUND: Readonly<Record<DeviceMode, readonly [withParent: string, without: string]>> = {
  fsdax: ['disabled / none', 'disabled / none'],
  raw: ['disabled / none', 'disabled / none'],
  sector: ['disabled / none', 'disabled / none'],
  devdax: ['enabled / disabled devdax', 'disabled / none'],
  'system-ram': ['enabled / disabled devdax', 'disabled / none'],
  unknown: ['enabled / enabled devdax', 'enabled / enabled devdax'],
};
const BOUND: Readonly<Record<DeviceMode, string>> = {
  fsdax: 'enabled / none',
  raw: 'enabled / none',
  sector: 'enabled / none',
  devdax: 'enabled / enabled devdax',
  'system-ram': 'enabled / enabled system-ram',
  unknown: 'enabled / enabled devdax',
};

test.each(DEVICE_MODES)('[IMP4] what the tools show of a %s device', (mode) => {
  for (const state of ['bound', 'removing'] as const) expect(words(mode, state, true)).toBe(BOUND[mode]);
  expect([words(mode, 'unbound', true), words(mode, 'unbound', false)]).toEqual(UNBOUND[mode]);
  expect(words(mode, 'gone', true)).toBe('none / none');
  for (const state of DEVICE_STATES) expect(words(mode, state, true, false)).toBe('none / none');
});
