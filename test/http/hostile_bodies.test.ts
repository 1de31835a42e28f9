import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BODY_DEPTH_MAX, BODY_VALUES_MAX, faultInJson } from '../../src/http/json_scan.ts';
import { serve, type TestAnswer } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

const post = (body: string): Promise<TestAnswer> => server.call('POST', '/v1/hosts', body);
const said = ({ status, json }: TestAnswer) => [status, json.code, json.errors.map(({ pointer }) => pointer)];
const members = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${String(at)}`, value]));
const host = { name: 'b', kernel: 'v6.1' };

describe('a body past a limit is 413 with the place, before anything is made of it', () => {
  test.each([
    ['30 000 unknown members', JSON.stringify({ ...host, ...members(30_000, 1) }), ''],
    ['30 000 wrong labels', JSON.stringify({ ...host, labels: members(30_000, 1) }), '/labels'],
    ['a long array', `{"name":[${'1,'.repeat(200_000)}1]}`, `/name/${String(BODY_VALUES_MAX - 2)}`],
    ['deep arrays', `{"name":${'['.repeat(100_000)}`, `/name${'/0'.repeat(BODY_DEPTH_MAX - 1)}`],
    ['deep objects', '{"a":'.repeat(50_000), '/a'.repeat(BODY_DEPTH_MAX)],
    ['a long name', JSON.stringify({ labels: { ['k'.repeat(100_000)]: '' } }), '/labels'],
  ])('%s', async (_name, body, pointer) => {
    expect(said(await post(body))).toEqual([413, 'payload_too_large', [pointer]]);
  });

  test('more bytes than any request has', async () => {
    const answer = await post(JSON.stringify({ ...host, name: 'x'.repeat(600_000) }));
    expect(said(answer)).toEqual([413, 'payload_too_large', []]);
  });
});

test('of a body within the limits at most 50 faults are told', async () => {
  const answers = [
    await post(JSON.stringify({ ...host, ...members(1_000, 1) })),
    await post(JSON.stringify({ ...host, labels: members(1_000, 1) })),
    await post(JSON.stringify({ ...host, ...members(50, 1), [`~${'/'.repeat(254)}`]: 1 })),
  ];
  for (const { status, json, text } of answers) {
    expect([status, json.code, json.errors.length]).toEqual([400, 'invalid_request', 50]);
    expect(text.length).toBeLessThan(64 * 1024);
  }
});

test('the largest request there is passes: 64 labels, every character escaped', async () => {
  const escaped = (length: number, at: number): string =>
    `"${`\\u${(0x4e00 + at).toString(16)}`.repeat(length)}"`;
  const labels = Array.from({ length: 64 }, (_, at) => `${escaped(63, at)}:${escaped(255, at)}`).join();
  const { status, json } = await post(`{"name":"many","kernel":"v6.1","labels":{${labels}}}`);
  expect([status, Object.keys(json['labels'] as object).length]).toEqual([201, 64]);
});

describe('a body that readers would read differently is 400', () => {
  test.each([
    ['a member twice', '{"name":"b","kernel":"v6.1","name":"c"}', ['/name']],
    ['a member twice, one escaped', '{"name":"b","kernel":"v6.1","n\\u0061me":"b"}', ['/name']],
    ['a label twice', '{"name":"b","kernel":"v6.1","labels":{"a/b":"1","a/b":"1"}}', ['/labels/a~1b']],
    [
      'a label that no object may have',
      '{"name":"b","kernel":"v6.1","labels":{"__proto__":"1"}}',
      ['/labels/__proto__'],
    ],
    ['half of a surrogate pair', '{"name":"b","kernel":"v6.1","labels":{"a":"\\ud800"}}', ['/labels/a']],
    ['NUL', '{"name":"b","kernel":"v6.1","labels":{"a":"\\u0000"}}', ['/labels/a']],
    ['a bad escape', '{"name":"\\x"}', ['']],
    ['an open string', '{"name":"', ['']],
    ['a bracket that closes nothing', ']', ['']],
    ['a comma in nothing', ',', ['']],
    ['another bracket', '{"name":[}', ['']],
    ['strings and nothing between', '""'.repeat(100_000), ['']],
  ])('%s', async (_name, body, pointers) => {
    expect(said(await post(body))).toEqual([400, 'malformed_json', pointers]);
  });

  test.each([
    ['{"name":', 8],
    ['{"näme":tru}', 9],
    ['{"name":"b",}', 12],
    ['\uFEFF{"name" "b"}', 11],
    ['{} {}', 3],
  ])('%j is no JSON, which is told with the byte', async (body, byte) => {
    const { json } = await post(body);
    const detail = expect.stringMatching(new RegExp(`^is not JSON at byte ${String(byte)}: `)) as string;
    expect([json.code, json.errors]).toEqual(['malformed_json', [{ pointer: '', detail }]]);
  });

  test('bytes that are no UTF-8, for a listing too', async () => {
    await server.call('POST', '/v1/hosts', { name: 'utf8', kernel: 'v6.1' });
    for (const url of ['/v1/hosts', '/v1/hosts/utf8/inventory']) {
      for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
        const payload = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')]);
        const headers = { 'content-type': 'application/json' };
        const answer = await server.app.inject({ method: 'POST', url, headers, payload });
        const { code, errors } = answer.json<TestAnswer['json']>();
        expect([answer.statusCode, code]).toEqual([400, 'malformed_json']);
        expect(errors[0]?.pointer).toBe('');
        expect(errors[0]?.detail).toMatch(/^is not UTF-8 at byte (9|1[01])$/);
      }
    }
  });
});

test('what is in order has no fault: escapes, brackets in strings, the same name in another object', () => {
  const value = { a: '"}]{[,\\', b: [{ a: 1 }, { a: [] }, []], '': { '': '\u{1f600}' } };
  expect(faultInJson(JSON.stringify(value))).toBeNull();
  expect(faultInJson(' [ "\\ud83d\\ude00" , "\\\\" , "\\"" ] ')).toBeNull();
});
