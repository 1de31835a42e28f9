import { readFileSync } from 'node:fs';

/** What tests read of an operation of openapi/daxplane.json. */
export interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Shown }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Shown }>>;
  };
  readonly responses: Readonly<Record<string, Referred | DocumentedResponse>>;
}

export interface Shown {
  readonly $ref?: string;
  readonly example?: unknown;
}

interface Referred {
  readonly $ref: string;
}

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, object>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Shown>>;
    readonly responses: Readonly<Record<string, DocumentedResponse>>;
  };
}

/** The document that is checked in; openapi.test.ts compares it with the one that is served. */
export const DOCUMENT = JSON.parse(
  readFileSync(new URL('../../openapi/daxplane.json', import.meta.url), 'utf8'),
) as Document;

/** The example of a schema, or of the one it refers to. */
export function exampleOf(schema: Shown): unknown {
  return schema.example ?? DOCUMENT.components.schemas[schema.$ref?.split('/').at(-1) ?? '']?.example;
}

const PATHS = Object.entries(DOCUMENT.paths).map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]*')}$`),
  operations,
}));

/** What `default` stands for: it can befall any request, or is a fault of the service. */
const BY_DEFAULT: ReadonlySet<number> = new Set([408, 417, 429, 431, 500, 503]);

/** Throws where an answer is none that the document has for its operation; what has no operation is not looked at. */
export function requireDocumented(method: string, url: string, status: number, type: unknown): void {
  const path = url.split('?', 1)[0] ?? url;
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const operation = PATHS.find(({ pattern }) => pattern.test(path))?.operations[verb];
  if (operation === undefined) return;
  const name = `${operation.operationId} (${method} ${url})`;
  const told =
    operation.responses[status] ?? (BY_DEFAULT.has(status) ? operation.responses['default'] : undefined);
  if (told === undefined) throw new Error(`${name} answered ${String(status)}, which is not documented`);
  const { content } = '$ref' in told ? DOCUMENT.components.responses[told.$ref.split('/').at(-1)!]! : told;
  const came = typeof type === 'string' ? type.split(';', 1)[0] : undefined;
  const isTold = content === undefined ? came === undefined : came !== undefined && came in content;
  if (!isTold)
    throw new Error(`${name} answered ${String(status)} as ${String(came)}, which is not documented`);
}
