import * as z from 'zod';

/** Words and members that had another name: taken for what they are called now, deprecated, never answered. */

const FORMER_WORDS = { surprise_remove: 'surprise_removal', orderly_remove: 'orderly_removal' } as const;

const FormerRemoval = z
  .enum(['surprise_remove', 'orderly_remove'])
  .transform((word) => FORMER_WORDS[word])
  .meta({
    id: 'FormerRemoval',
    deprecated: true,
    description: 'Former names of `surprise_removal` and `orderly_removal`.',
  });

/** Words that name removals, as they are asked for: also by their former names. */
export function orFormerRemoval<W extends Readonly<Record<string, string>>>(words: z.ZodEnum<W>) {
  const named = words.options.map((word) => `"${word}"`).join('|');
  return z.union([words, FormerRemoval], { error: `Invalid option: expected one of ${named}` });
}

/** An object with the member `media_serial`, as it is asked for: also by its former name `serial`, not by both. */
export function orFormerSerial<S extends { readonly media_serial: z.ZodType }>(shape: S) {
  const serial = shape.media_serial.meta({
    deprecated: true,
    description: 'Former name of `media_serial`.',
  });
  const object = z
    .strictObject({ ...shape, serial })
    .refine((given) => !('serial' in given && 'media_serial' in given), {
      error: 'the former name of media_serial: give one of the two',
      path: ['serial'],
    })
    .transform((asked) => {
      const { serial: former, ...given } = asked as { readonly serial?: unknown };
      return former === undefined ? given : { ...given, media_serial: former };
    });
  return object as unknown as z.ZodType<z.output<z.ZodObject<S, z.core.$strict>>>;
}
