import * as z from 'zod';
import { pageQuery } from './page.ts';
import { shownAs } from './scalar.ts';

/** Labels that a list can be asked for at once. */
const LABELS_MAX = 8;
const LABEL_PATTERN = '^[^=]{1,63}=.{0,255}$';

/** `k=v`: the first `=` ends the name. */
const Label = z
  .string()
  .regex(new RegExp(LABEL_PATTERN, 's'), { error: 'expected name=value' })
  .transform((text): readonly [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });

/** The labels that a list asks for, each a name and its value. */
export const label = z
  .union([z.array(Label).max(LABELS_MAX), Label.transform((one) => [one])], {
    error: `expected name=value, up to ${String(LABELS_MAX)} times`,
  })
  .exactOptional()
  .meta({
    description:
      'Only records with this label, as `name=value`; given several times, with all of them. Hosts and dax devices have labels; every other record goes by those of its dax device and of its host.',
    override: shownAs({
      type: 'array',
      items: { type: 'string', pattern: LABEL_PATTERN },
      maxItems: LABELS_MAX,
    }),
  });

/** A moment in milliseconds since 1970. */
const moment = (description: string) =>
  z.iso
    .datetime({ offset: true, error: 'expected an RFC 3339 time, such as 2026-01-31T12:00:00Z' })
    .transform((text) => Math.max(0, Date.parse(text)))
    .exactOptional()
    .meta({ description, override: shownAs({ type: 'string', format: 'date-time' }) });

const whenCreated = {
  created_after: moment('Only records made after this time, that of their uid (a UUIDv7), in milliseconds.'),
  created_before: moment('Only records made before this time.'),
};

/** What the query of a list of records selects: every list takes the same words. */
export interface Selection {
  readonly limit?: number;
  readonly page_token?: string;
  readonly label?: readonly (readonly [string, string])[];
  readonly sort?: { readonly field: string; readonly descending: boolean };
  readonly created_after?: number;
  readonly created_before?: number;
}

/** Query of a list of records: its page, their labels, when they were made, and its order. */
export function selectionQuery(sorts: readonly string[]) {
  const words = ['created_at', ...sorts].flatMap((field) => [field, `-${field}`]);
  const sort = z
    .enum(words as [string, ...string[]])
    .transform((word) => ({ field: word.replace(/^-/, ''), descending: word.startsWith('-') }))
    .exactOptional()
    .meta({
      description:
        'The field that the list is in order of, with `-` descending; rows that are equal in it are in the order of their creation, the last first with `-`. By default the whole list is in the order of creation. A page token is of one order. A page by a single filter, time or sort, or by a label of its own records, costs what it shows; one by several of them is looked for among all that one of them leaves, each time.',
      override: shownAs({ type: 'string', enum: words }),
    });
  return { ...pageQuery, label, sort, ...whenCreated };
}
