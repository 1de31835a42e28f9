import { lengthOfPattern } from './length_of_pattern.ts';
import { TEXT_LENGTH_MAX } from './places.ts';
import type { Schema } from './schema.ts';

/** Of an answer, as TEXT_LENGTH_MAX: an element takes two characters. */
const ELEMENTS_MAX = 2 ** 28;
const INT32_MAX = 2 ** 31 - 1;

/** What the format tells of a text's length, and better than a pattern of three lines tells what it looks like. */
const LENGTH_OF_FORMAT: Readonly<Record<string, number>> = { 'date-time': 64, uuid: 36 };

/** A schema with a bound on whatever could be large, and the width of its numbers. */
export function bounded(schema: Schema): Schema {
  const types = [schema.type ?? []].flat();
  if (schema.enum !== undefined || schema.const !== undefined) return schema;
  if (types.includes('string')) return boundedText(schema);
  if (types.includes('array')) return { ...schema, maxItems: schema.maxItems ?? ELEMENTS_MAX };
  if (types.includes('integer')) return boundedInteger(schema);
  return types.includes('number') ? { ...schema, format: 'double' } : schema;
}

function boundedText(schema: Schema): Schema {
  const { format = '', pattern, ...rest } = schema;
  const most = Math.min(lengthOfPattern(pattern ?? ''), TEXT_LENGTH_MAX);
  const length = LENGTH_OF_FORMAT[format];
  if (length === undefined) return { ...schema, maxLength: schema.maxLength ?? most };
  return { ...rest, format, maxLength: length };
}

function boundedInteger(schema: Schema): Schema {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
  const isWide = Math.max(-minimum, maximum) > INT32_MAX;
  return { ...schema, minimum, maximum, format: isWide ? 'int64' : 'int32' };
}
