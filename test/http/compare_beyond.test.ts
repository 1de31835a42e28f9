import { afterAll, beforeAll, expect, test } from 'vitest';
import { newHosts } from '../support/new_host.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const host = newHosts(server);

const KNOWN = [
  '5.17.4',
  '6.1.111',
  '6.8.12',
  '6.18.15',
  '5.14.0-427.13.1.el9_4.x86_64',
  '6.12.117+deb12-amd64',
];
const BEYOND = ['4.18.0-553.el8_10.x86_64', '7.4', 'my kernel'];

async function make(at: string, mode: string): Promise<void> {
  const told = { name: 'dax0.0', mode, size: '1GiB', phys_addr: '0x500000000' };
  const { status, text } = await server.call('POST', `${at}/dax-devices`, told);
  expect(status, text).toBe(201);
}

async function compared(at: string, kernel_releases: readonly string[]) {
  const asked = {
    host: at.slice('/v1/hosts/'.length),
    dax_device: 'dax0.0',
    trigger: 'unbind',
    kernel_releases,
  };
  const { status, json, text } = await server.call('POST', '/v1/comparisons', asked);
  expect(status, text).toBe(200);
  return json;
}

test.each([
  ['v6.12', 'fsdax'],
  ['v6.12', 'devdax'],
  ['v6.12', 'raw'],
  ['v6.12', 'sector'],
  ['v7.3', 'system-ram'],
])(
  '[CMP3] [KREL8] on %s, %s: a release that lies beyond what is known is an item, refused',
  async (kernel, mode) => {
    const at = await host({ kernel });
    await make(at, mode);
    const alone = await compared(at, KNOWN);
    const mixed = await compared(at, [BEYOND[0]!, ...KNOWN, ...BEYOND.slice(1)]);
    const isBeyond = ({ kernel_release }: Record<string, unknown>) =>
      BEYOND.includes(kernel_release as string);
    expect(mixed.items.filter((item) => !isBeyond(item))).toEqual(alone.items);
    expect(mixed.items.filter(isBeyond)).toEqual(
      BEYOND.map((kernel_release) => ({
        kernel: 'resolved',
        kernel_release,
        refused: {
          code: 'outcome_unknown',
          errno: null,
          detail: expect.stringMatching(/older than 5\.10|newer than 7\.3|says no version/) as unknown,
        },
      })),
    );
  },
);

test('[CMP3] [KREL8] the own release of a host that lies beyond is refused, others are told', async () => {
  const at = await host({ kernel_release: BEYOND[0]! });
  await make(at, 'fsdax');
  const { items } = await compared(at, [BEYOND[0]!, '6.8.12']);
  expect(items.map(({ refused, verdict }) => [(refused as { code: string } | null)?.code, verdict])).toEqual([
    ['outcome_unknown', undefined],
    [undefined, 'contained'],
  ]);
});
