import { describe, expect, it } from 'vitest';
import { pointerTo } from '../../src/inventory/refusal.ts';
import { importInto, NOTHING, refusalOf } from './support/host.ts';

const MAX = 10_000;
const UNKNOWN = '{"a":[{}]}';

describe('[IMP64] a text has no more than 10 000 documents, and no more than 10 000 objects of any kind or of none', () => {
  it.each([
    ['documents', UNKNOWN.repeat(MAX + 1), /more than 10000 documents/],
    ['documents of nothing', '[]\n'.repeat(MAX + 1), /more than 10000 documents/],
    [
      'documents that break',
      `${'{"a":x}\n'.repeat(MAX + 1)}[]`,
      /more than 10000 runs of text that is no JSON/,
    ],
    ['unknown objects of one document', `[${'{},'.repeat(MAX)}{}]`, /has 10001 objects/],
    [
      'far more than fit on a stack',
      `{"dev":"region0","namespaces":[${'1,'.repeat(500_000)}1]}`,
      /has 500002 objects/,
    ],
    [
      'known and unknown together',
      `[{"dev":"nmem0"},${'{"dev":"?"},'.repeat(MAX - 1)}{"dev":"nmem1"}]`,
      /has 10001 objects/,
    ],
  ])('%s', (_, text, detail) => {
    const refusal = refusalOf(text);
    expect(refusal.code).toBe('too_large');
    expect(refusal.detail).toMatch(detail);
  });

  it('as many as may be are read, each a document of its own and with lines between them', () => {
    const { skipped } = importInto(NOTHING, `# line\n${UNKNOWN}\n`.repeat(MAX));
    const reasons = (reason: string) => skipped.filter((row) => row.reason === reason).length;
    expect([reasons('unknown object'), reasons('not json')]).toEqual([MAX, MAX]);
  });
});

it('each thing between documents is told by its own line, however many lines are before it', () => {
  const text = `a\n[]\n\n\n{"a":x}\nb\nc\n[]\n d`;
  const told = importInto(NOTHING, text).skipped.map(({ name, detail }) => `${name}: ${detail}`);
  expect(told).toEqual([
    'line 1, column 1: no JSON: a',
    expect.stringMatching(/^line 5, column 6: not JSON: /),
    'line 6, column 1: no JSON: b, and 1 more lines',
    'line 9, column 2: no JSON: d',
  ]);
});

describe('[IMP65] a pointer of more than 255 characters ends where it is too long', () => {
  it.each([
    ['a key of 253', ['x'.repeat(253), 0], `/${'x'.repeat(253)}/…`],
    ['a key that is longer', ['a', 'x'.repeat(256), 0, 'b'], '/a/…'],
    ['a key that is longer once escaped', ['~'.repeat(200), 0], '/…'],
    ['as long as it may be', ['x'.repeat(252), 0], `/${'x'.repeat(252)}/0`],
  ])('%s', (_, path, pointer) => {
    expect(path.reduce<string>(pointerTo, '')).toBe(pointer);
  });

  it('so that a long key is not told again with each object under it', () => {
    const { skipped } = importInto(NOTHING, `[{"${'k'.repeat(1_000_000)}":[{},{}]}]`);
    expect(skipped.map(({ pointer }) => pointer)).toEqual(['/0/…', '/0/…']);
  });
});
