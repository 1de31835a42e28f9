import type { Step } from '../test/http/walk/walker.ts';

/** operationId → status → the body of an answer. */
type Examples = Record<string, Record<string, unknown>>;

/** Elements of a list that an example shows. */
const SHOWN = 2;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const SECRET = /whsec_[A-Za-z0-9+/]+=*/g;
/** Numbers that tell of the machine on which they were made. */
const MEASURED: ReadonlySet<string> = new Set(['wal_bytes', 'duration_ms']);

/** The text of openapi/examples.json: one answer of each kind, without what is another with each run. */
export function examplesOf(steps: readonly Step[]): string {
  const examples: Examples = {};
  const shows = ({ body }: Step): boolean => !isEmptyPage(body);
  for (const step of [...steps.filter(shows), ...steps])
    if (step.body !== undefined) (examples[step.operation] ??= {})[String(step.status)] ??= short(step.body);
  const ordered = Object.entries(examples).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return `${settled(JSON.stringify(Object.fromEntries(ordered), null, 1))}\n`;
}

function isEmptyPage(body: unknown): boolean {
  const { items } = (body ?? {}) as { readonly items?: readonly unknown[] };
  return items?.length === 0;
}

function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, SHOWN).map(short);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      MEASURED.has(name) && inner !== null ? 1 : short(inner),
    ]),
  );
}

/** Ids by the order in which they first appear, one time, one secret. */
function settled(text: string): string {
  const ids = new Map<string, string>();
  const idOf = (uuid: string): string => {
    const known = ids.get(uuid) ?? `0199d1f0-0000-7000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(uuid, known);
    return known;
  };
  return text
    .replaceAll(UUID, idOf)
    .replaceAll(TIME, '2026-01-15T09:00:00.000Z')
    .replaceAll(SECRET, `whsec_${Buffer.alloc(24, 7).toString('base64')}`);
}
