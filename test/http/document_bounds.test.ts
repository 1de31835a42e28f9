import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bounded } from '../../src/http/document/bounds.ts';
import { lengthOfPattern } from '../../src/http/document/length_of_pattern.ts';
import { TEXT_LENGTH_MAX } from '../../src/http/document/places.ts';
import { DOCUMENT, schemasOf } from '../support/document.ts';
import { cases } from '../support/property.ts';

test.each([
  ['^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', 63],
  ['^0x(0|[1-9a-f][0-9a-f]{0,15})$', 18],
  ['^(?:memory)?(?:0|[1-9][0-9]{0,14})$', 21],
  ['^[0-9]{16}$', 16],
  ['^a(bc|d?){2}[\\]|)]$', 6],
  ['^[a-z]+$', Infinity],
  ['^a{2,}$', Infinity],
  ['^(?!a)b$', Infinity],
  ['^a|b$', Infinity],
  ['^a)b$', Infinity],
  ['abc', Infinity],
])('%s lets through so many characters: %s', (pattern, length) => {
  expect(lengthOfPattern(pattern)).toBe(length);
});

const PATTERNS = [
  ...new Set(
    schemasOf(DOCUMENT).flatMap(({ schema: { type, pattern } }) =>
      [type].flat().includes('string') && pattern !== undefined ? [pattern] : [],
    ),
  ),
];

test('where the pattern of a text bounds its length, the document says that length and no other', () => {
  const shown = schemasOf(DOCUMENT).filter(({ schema }) => lengthOfPattern(schema.pattern ?? '') < Infinity);
  expect(shown.length).toBeGreaterThan(50);
  expect(shown.filter(({ schema }) => schema.maxLength === TEXT_LENGTH_MAX)).toEqual([]);
});

test('no text that a pattern of the document lets through is longer than is read off it', () => {
  const texts = fc
    .constantFrom(...PATTERNS)
    .chain((pattern) =>
      fc.record({ pattern: fc.constant(pattern), text: fc.stringMatching(new RegExp(pattern)) }),
    );
  const holds = ({ pattern, text }: { readonly pattern: string; readonly text: string }): void => {
    expect(text.length).toBeLessThanOrEqual(bounded({ type: 'string', pattern }).maxLength!);
  };
  fc.assert(fc.property(texts, holds), cases());
});
