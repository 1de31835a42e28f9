import { expect, test } from 'vitest';
import { parseLossless } from '../../src/inventory/lossless.ts';

/** Arrays in arrays, so many below the outermost. */
const nested = (levels: number): string => '['.repeat(levels + 1) + ']'.repeat(levels + 1);

function read(text: string): unknown {
  const document = parseLossless(text);
  if (!('value' in document)) throw new Error(document.detail);
  return [document.value, document.faults.length];
}

test.each([
  ['[0,-1,900719925474099,"a",null,true,{}]', [0, -1, 900719925474099, 'a', null, true, {}]],
  ['{"a":1,"b":{"c":[2]},"a":3}', { a: 3, b: { c: [2] } }],
  ['[-0]', [{ $number: '-0' }]],
  ['[0,\n-0]', [0, { $number: '-0' }]],
  ['[1e3,0.5,1.0]', [{ $number: '1e3' }, 0.5, { $number: '1.0' }]],
  [
    '[18446744073709551615,-9223372036854775808]',
    [{ $number: '18446744073709551615' }, { $number: '-9223372036854775808' }],
  ],
  ['12.50', { $number: '12.50' }],
  ['"12.50 1e3"', '12.50 1e3'],
  ['{"a":"\\u0041"}', { a: 'A' }],
])('%s keeps its numbers, with no fault', (text, value) => {
  expect(read(text)).toEqual([value, 0]);
});

test.each(['{"$number":"1"}', '{"a":{"$odd":1}}', '{"a":{"\\u0024odd":1}}'])('%s is not kept', (text) => {
  expect(read(text)).toMatchObject([{}, 1]);
});

test('64 levels are kept, and no more', () => {
  expect(read(nested(64))).toEqual([JSON.parse(nested(64)), 0]);
  expect(read(nested(65))).toMatchObject([{}, 1]);
});

test('what is no JSON is told where', () => {
  expect(parseLossless('[1,')).toMatchObject({ position: 3 });
  expect(parseLossless('[01]')).toMatchObject({ position: 2 });
});
