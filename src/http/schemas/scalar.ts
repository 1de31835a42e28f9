import * as z from 'zod';

/** Scalars that every noun shares: what is asked for (`…Input`) may be spelled in more ways than what is answered. */

const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const SIZE_PATTERN = /^(0|[1-9][0-9]{0,15})(KiB|MiB|GiB|TiB)$/;

/** Bytes of `"2MiB"` and its like; NaN where the text is no size. */
function parseSize(text: string): number {
  const [, count, unit] = SIZE_PATTERN.exec(text) ?? [];
  return unit === undefined ? NaN : Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** A byte count as it is answered: an integer of at most 2^53-1. */
export const Bytes = z.int().min(0).meta({ description: 'Bytes.' });

/** Bytes of a device or file. */
/** A byte count as it is asked for: an integer, or `"4KiB"`, `"2MiB"`, `"1GiB"`, `"1TiB"`. */
export const BytesInput = z
  .union(
    [
      z.int().min(0),
      z
        .string()
        .regex(SIZE_PATTERN)
        .transform(parseSize)
        .refine((bytes) => Number.isSafeInteger(bytes)),
    ],
    {
      error: 'expected a byte count: an integer from 0 to 2^53-1, or a string such as "4KiB", "2MiB", "1GiB"',
    },
  )
  .meta({
    id: 'Bytes',
    description: 'A byte count: an integer up to 2^53-1, or a string such as "4KiB", "2MiB", "1GiB", "1TiB".',
    examples: [4096, '2MiB'],
  });

/** The size of something that is there: at least a byte. */
export const SizeInput = BytesInput.refine((bytes) => bytes > 0, { error: 'expected a size above 0' });

export const Count = z.int().min(0);

/** Neighbouring badblocks, as libnvdimm and ndctl count them. */
export const Badblocks = z
  .array(z.strictObject({ offset: Count, length: Count }))
  .meta({ description: 'Sectors of 512 bytes, from the start of the data, that cannot be read.' });
export const Pid = z.int().min(1).max(4194304).meta({ description: 'Process id, as in its host.' });

/** An address or serial number: `0x` and lower-case hex digits. */
export const Hex = z.string().regex(/^0x(0|[1-9a-f][0-9a-f]{0,15})$/, {
  error: 'expected 0x and up to 16 lower-case hex digits, without leading zeros',
});

const Uid = z.uuid().meta({ description: 'Immutable, UUIDv7.' });
export const Timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC.' });

/** A name chosen by whoever creates the resource, fit for a path segment. */
export const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'expected 1 to 63 letters, digits, dots, dashes and underscores, the first a letter or digit',
});

/** A readable id given by the service, for example `v3`. */
export const Id = z.string().min(1).max(64);
export const Text = z.string().min(1).max(255);

const PATH_ERROR = {
  error: 'expected an absolute path without NUL, empty parts, "." and ".." and without a slash at its end',
};

/** Segments that are neither empty nor dots: no two spellings of one path. */
const SEGMENTS = '(?:/(?!\\.{1,2}(?:/|$))[^/\\0]+)+';

/** The path of a file, absolute and normal: it is compared, never resolved. */
export const FilePath = z
  .string()
  .max(4095)
  .regex(new RegExp(`^${SEGMENTS}$`), PATH_ERROR)
  .meta({
    description: 'Absolute and normal: no empty part, no `.` or `..`, no NUL, no slash at its end.',
    // One that every engine knows: without a look ahead, and without the escape of a NUL.
    override: withPattern('^(/[^/]+)+$'),
  });

/** The same of a mount point, which may be `/`. */
export const MountPoint = z
  .string()
  .max(4095)
  .regex(new RegExp(`^(?:/|${SEGMENTS})$`), PATH_ERROR)
  .meta({
    description: 'Absolute and normal: no empty part, no `.` or `..`, no NUL, no slash at its end.',
    override: withPattern('^(/|(/[^/]+)+)$'),
  });

export const Labels = z
  .record(z.string().min(1).max(63), z.string().max(255))
  .refine((labels) => Object.keys(labels).length <= 64, { error: 'at most 64 labels' })
  .meta({ id: 'Labels', description: 'Free text by key, at most 64.' });

/** `[first pfn, nr_pages]` pairs. */
export const PfnRanges = z
  .array(z.tuple([Count, Count]).meta({ override: shownAs(integersShown(2)) }))
  .meta({ description: 'Page frames as [first pfn, nr_pages] pairs.' });

/** uid, revision and host: on every record. */
export const identity = {
  uid: Uid,
  revision: z.int().min(1).meta({ description: 'Counts the changes of this record from 1.' }),
  host: z.string(),
};

/** What the document shows instead of the text that stands in the path or query. */
export function shownAs(shown: Readonly<Record<string, unknown>>) {
  return ({ jsonSchema }: { jsonSchema: object }): void => {
    for (const key of Object.keys(jsonSchema))
      if (key !== 'description') Reflect.deleteProperty(jsonSchema, key);
    Object.assign(jsonSchema, shown);
  };
}

/** Adds an example to what the document shows: explorers fill it in; and what else the document has to say. */
export function withExample(example: unknown, more: Readonly<Record<string, unknown>> = {}) {
  return ({ jsonSchema }: { jsonSchema: object }): void => {
    Object.assign(jsonSchema, { example, ...more });
  };
}

/** What the document shows in place of a pattern that not every generator takes; the schema checks the whole of it. */
function withPattern(pattern: string) {
  return ({ jsonSchema }: { jsonSchema: object }): void => {
    Object.assign(jsonSchema, { pattern });
  };
}

/** That exactly one of these properties is given, as the document says it; the schema itself refines it. */
export function exactlyOneOf(...properties: readonly string[]) {
  return { oneOf: properties.map((property) => ({ required: [property] })) };
}

/** A tuple of integers as the document shows it: linters and generators want `items`, which a tuple has not. */
function integersShown(length: number) {
  return { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: length, maxItems: length };
}

/** An integer in a query string: digits only, nothing else is read as a number. */
export function queryInteger(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^(0|[1-9][0-9]{0,15})$/, { error: 'expected an integer' })
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .meta({ override: shownAs({ type: 'integer', minimum, maximum }) });
}

/** `true` or `false` in a query string. */
export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ override: shownAs({ type: 'boolean' }) });
