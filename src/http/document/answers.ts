import { operationsOf, type DocumentedResponse, type OpenApiDocument } from './schema.ts';

interface Header {
  readonly description: string;
  readonly schema: object;
}

const text = (description: string, pattern: string, maxLength = 255): Header => ({
  description,
  schema: { type: 'string', pattern, maxLength },
});

/** RFC 9651: `"default";r=99;t=60`. */
const FIELD = '^[\\x20-\\x7e]*$';

/** Fields of every answer, whatever it is. */
const EVERYWHERE: Readonly<Record<string, Header>> = {
  'X-Request-Id': text(
    "The caller's own, if it is fit for a log, else one that is chosen; absent where the request could not be read.",
    '^[\\x21-\\x7e]{1,255}$',
  ),
  'Access-Control-Allow-Origin': text(
    'The origin of the page that asks, where the operator allows it.',
    '^[\\x21-\\x7e]+$',
  ),
  RateLimit: text('How many requests are left, and for how long; absent where none is counted.', FIELD),
  'RateLimit-Policy': text(
    'How many requests there may be in which time; absent where none is counted.',
    FIELD,
  ),
  'Fault-Rule': text(
    'The fault rule that was applied to the request; absent where none was.',
    '^[0-9a-f-]+$',
    36,
  ),
};

const RETRY_AFTER: Header = {
  description: 'Seconds until it is worth asking again.',
  schema: { type: 'integer', format: 'int32', minimum: 0, maximum: 86400 },
};

/** Statuses that say when to ask again, by the names of their shared responses. */
const LATER: ReadonlySet<string> = new Set(['TooManyRequests', 'Unavailable']);

/** Gives every answer the header fields that all have; each field stands once in the document. */
export function describeAnswers(document: OpenApiDocument): void {
  const { components } = document;
  const shared: Record<string, object> = {};
  components.headers = shared;
  const referTo = (name: string, header: object): object => {
    shared[name] ??= header;
    return { $ref: `#/components/headers/${name}` };
  };
  const complete = (response: DocumentedResponse, more: Readonly<Record<string, object>>): void => {
    const headers = { ...response.headers, ...EVERYWHERE, ...more };
    response.headers = Object.fromEntries(
      Object.entries(headers).map(([name, header]) => [name, referTo(name, header)]),
    );
  };
  for (const [name, response] of Object.entries(components.responses))
    complete(response, LATER.has(name) ? { 'Retry-After': RETRY_AFTER } : {});
  for (const { responses } of operationsOf(document))
    for (const response of Object.values(responses)) if (response.$ref === undefined) complete(response, {});
}
