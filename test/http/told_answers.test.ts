import { afterAll, beforeAll, expect, test } from 'vitest';
import { Removal } from '../../src/http/schemas/removal.ts';
import { serve, type TestBody } from '../support/server.ts';

const host = '/v1/hosts/mine';
const device = `${host}/dax-devices/dax1.0`;
const server = serve(beforeAll, afterAll);

beforeAll(async () => {
  await server.call('POST', '/v1/hosts', { name: 'mine', kernel: 'v6.12' });
  await server.call('POST', `${host}/dax-devices`, { name: 'dax1.0', mode: 'devdax', size: '1GiB' });
});

const UNBIND = { trigger: 'unbind' } as const;

/** Every answer whose verdict knows of no users but those that were told. */
async function answers(): Promise<TestBody[]> {
  const compared = { host: 'mine', dax_device: 'dax1.0', kernels: ['v7.3'], ...UNBIND };
  const event = { dax_device: 'dax1.0', action: 'surprise_removal' };
  const [comparison, dry, bus, survey, assessment] = [
    await server.call('POST', '/v1/comparisons', compared),
    await server.call('POST', `${device}/remove?dry_run=true`, UNBIND),
    await server.call('POST', `${host}/hotplug-events?dry_run=true`, event),
    await server.call('GET', `${device}/holders`),
    await server.call('GET', '/v1/assessment'),
  ];
  const [removal] = bus.json['removals'] as TestBody[];
  return [comparison.json, dry.json, removal!, survey.json, assessment.json.items[0]!];
}

test('[TOLD3] every answer that rests on the users of a device says that nobody told of them', async () => {
  const verdicts = (await answers()).map(({ holders, told_at }) => [holders, told_at]);
  expect(verdicts).toEqual(verdicts.map(() => ['not_told', null]));
});

test('[TOLD3] and when somebody has; a removal keeps what was told as it began', async () => {
  const { json } = await server.call('PATCH', device, { holders: 'told' });
  const { told_at } = json;
  const verdicts = (await answers()).map((own) => [own['holders'], own['told_at']]);
  expect(verdicts).toEqual(verdicts.map(() => ['told', told_at]));
  const acted = await server.call('POST', `${device}/remove`, UNBIND, { prefer: 'wait=60' });
  await server.call('PATCH', device, { holders: 'not_told' });
  const { json: kept } = await server.call('GET', `/v1/removals/${acted.json.id}`);
  expect(kept).toMatchObject({ state: 'completed', holders: 'told', told_at });
  const { holders: _holders, told_at: _told_at, ...older } = kept;
  expect(Removal.safeParse(older).success).toBe(true);
});
