import { expect, test } from 'vitest';
import { recordedProfile } from '../../../src/engine/kernels/recorded.ts';
import { readRelease } from '../../../src/engine/kernels/release.ts';

/** As a kernel names itself, and the version that says: null where it is no evidence. */
const SPELLED: readonly (readonly [told: string, version: string | null])[] = [
  ['6.8', '6.8'],
  ['6.8.0', '6.8.0'],
  ['6.1.112', '6.1.112'],
  ['6.18-rc4', '6.18 candidate'],
  ['6.18.0-rc4', '6.18.0 candidate'],
  ['5.10.223-1', '5.10.223'],
  ['6.1.180-1~deb11u1', '6.1.180'],
  ['6.12.43-1~bpo12+1', '6.12.43'],
  ['7.3~rc7-1~exp1', '7.3 candidate'],
  ['6.1.170-3', '6.1.170'],
  ['6.12.117-1', '6.12.117'],
  ['#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-08-01)', '6.1.192'],
  ['#1 SMP Debian 5.10.223-1 (2024-08-10)', '5.10.223'],
  ['6.12.117+deb13-amd64', '6.12.117'],
  ['6.12.117+deb12-cloud-amd64', '6.12.117'],
  ['6.10.11-amd64', '6.10.11'],
  ['5.10.0-32-amd64', '5.10'],
  ['6.1.0-56-cloud-amd64', '6.1'],
  ['6.1.0-0.deb11.52-amd64', '6.1'],
  ['6.11.4-301.fc41.x86_64', '6.11.4'],
  ['6.12.0-0.rc3.20241017git6efbea77b390.31.fc42.x86_64', '6.12.0 candidate'],
  ['6.6.10-arch1-1', '6.6.10'],
  ['6.6.30-1-lts', '6.6.30'],
  ['6.1.112-122.189.amzn2023.x86_64', '6.1.112'],
  ['5.14.0-427.13.1.el9_4.x86_64', null],
  ['4.18.0-553.el8_10.x86_64', null],
  ['6.12.0-55.9.1.el10_0.x86_64', null],
  ['6.8.0-31-generic', null],
  ['5.15.0-1051-aws', null],
  ['6.4.0-150600.23.14-default', null],
  ['5.15.0-209.161.7.2.el8uek.x86_64', null],
  ['5.15.153.1-microsoft-standard-WSL', null],
  ['5.15.94-android13-8-00010-g0123456789ab', null],
  ['6.8.12-4-pve', null],
  ['6.8.12-4', null],
  ['5.15.0-91', null],
  ['5.14.0-427', null],
  ['6.5.0-14', null],
  ['6.12.0-55', null],
  ['6.12.8-11', null],
  ['6.10.8-1', null],
  ['5.1.8-1', null],
  ['6.4.0-150600', null],
  ['(gcc (Debian 6.3.0-18) 6.3.0) #1 SMP PMX 6.8.12-4', null],
  ['6.6.30-zen1-1-zen', null],
  ['6.8.0+', null],
  ['4.19.300', null],
  ['5.9.16', null],
  ['7.4.1', null],
  ['my kernel', null],
];

test.each(SPELLED)('%s says %s', (told, spelled) => {
  const { version, why } = readRelease(told);
  const numbers = version && [version.major, version.minor, version.point].filter((each) => each !== null);
  expect(version && `${numbers!.join('.')}${version.candidate ? ' candidate' : ''}`).toBe(spelled);
  expect(why).not.toBe('');
});

test('Debian alone is known to have built it', () => {
  const debian = SPELLED.filter(([told]) => readRelease(told).debian).map(([told]) => told);
  expect(
    debian.every((told) => /amd64|deb|bpo|exp|Debian|^(5\.10|6\.1|6\.12)\.[1-9]\d*-\d$/.test(told)),
  ).toBe(true);
  expect(debian).toHaveLength(14);
});

test('[KREL1] only the build that was recorded is a profile', () => {
  const profiles = [
    '5.10.223-1',
    '6.1.192-2',
    '6.12.117+deb12-amd64',
    '6.12.117-1~deb12u1',
    '7.3.4+deb13-amd64',
    '7.3.4-1~bpo13+1',
    '#1 SMP Debian 5.10.223-1 (2024-08-10)',
    '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-08-01)',
  ].map(recordedProfile);
  expect(profiles).toEqual(['v5.10', 'v6.1', 'v6.12', 'v6.12', 'v7.3', 'v7.3', 'v5.10', 'v6.1']);
});

test.each([
  '5.10.223',
  '5.10.222-1',
  '5.10.0-32-amd64',
  '6.1.192',
  '6.1.192-1',
  '6.1.192-122.189.amzn2023.x86_64',
  '6.12',
  '6.12.117',
  '6.12.117-1-lts',
  '6.12.117-200.fc41.x86_64',
  '6.12.117+deb13-amd64',
  '6.12.117+deb12-cloud-amd64',
  '6.12.117+deb12-arm64',
  '6.12.117-rc1',
  '7.3.4-arch1-1',
])('[KREL1] %s was observed by nobody', (told) => {
  expect(recordedProfile(told)).toBeNull();
});
