import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type TestAnswer } from '../support/server.ts';
import { unordered, valueOf } from '../inventory/support/host.ts';
import { holds, reports, type Json, type Report, type ReportStep } from '../support/report.ts';

const server = serve(beforeAll, afterAll);

/** What people reported of real machines, each on a host of its own. */
describe('a reported case', () => {
  it.each(reports().map((report) => [report.name, report] as const))('%s', async (name, report) => {
    await play(`case-${name}`, report);
  });
});

async function play(host: string, { host: fields, steps }: Report): Promise<void> {
  const made = await server.call('POST', '/v1/hosts', { name: host, ...fields });
  expect(made).toMatchObject({ status: 201 });
  const texts = steps.flatMap((step) => step.import ?? []);
  const kept = new Map([['HOST', host]]);
  for (const [at, step] of steps.entries()) {
    const answer = await act(`/v1/hosts/${host}`, step, kept);
    const about = `step ${String(at)} answered ${String(answer.status)}: ${answer.text}`;
    expect(step.status ?? Math.floor(answer.status / 100), about).toBe(
      step.status === undefined ? 2 : answer.status,
    );
    if (step.answer !== undefined) expect(holds(answer.json, step.answer), about).toBe(true);
    if (step.matches !== undefined) expect(answer.text).toMatch(new RegExp(step.matches));
    if (step.same_as !== undefined) {
      expect(unordered(valueOf(answer.text))).toEqual(unordered(valueOf(texts[step.same_as]!)));
    }
    for (const [key, member] of Object.entries(step.keep ?? {})) kept.set(key, String(answer.json[member]));
  }
}

function act(at: string, step: ReportStep, kept: ReadonlyMap<string, string>): Promise<TestAnswer> {
  const headers = { 'content-type': 'application/json', prefer: 'wait=5' };
  if (step.import !== undefined) {
    return server.call('POST', `${at}/inventory${step.query ?? ''}`, step.import, headers);
  }
  if (step.export !== undefined) return server.call('GET', `${at}/inventory?format=${step.export}`);
  const [method, path, body] = filled(step.call!, kept);
  return server.call(method, path.startsWith('/v1') ? path : `${at}/${path}`, body, headers);
}

/** With each `$NAME` replaced by what was kept under it. */
function filled(call: NonNullable<ReportStep['call']>, kept: ReadonlyMap<string, string>) {
  const text = JSON.stringify(call).replaceAll(
    /\$([A-Z]+)\b/g,
    (whole, name: string) => kept.get(name) ?? whole,
  );
  return JSON.parse(text) as [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: Json];
}
