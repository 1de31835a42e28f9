import { readFileSync } from 'node:fs';

/** What tests read of an operation of openapi/daxplane.json. */
export interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
    readonly schema: Shown;
  }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Shown }>>;
  };
  readonly responses: Readonly<Record<string, Referred | DocumentedResponse>>;
}

export interface Shown {
  readonly $ref?: string;
  readonly example?: unknown;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly items?: Shown;
  readonly anyOf?: readonly Shown[];
  readonly oneOf?: readonly Shown[];
  readonly allOf?: readonly Shown[];
  readonly additionalProperties?: Shown | boolean;
  readonly propertyNames?: Shown;
  readonly discriminator?: {
    readonly propertyName: string;
    readonly mapping: Readonly<Record<string, string>>;
  };
}

interface Referred {
  readonly $ref: string;
}

type MediaTypes = Readonly<Record<string, { readonly schema?: Shown; readonly example?: unknown }>>;

interface DocumentedResponse {
  readonly content?: MediaTypes;
}

/** openapi/daxplane.json, as far as tests read it. */
export interface Document {
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
  return schema.example ?? resolved(schema).example;
}

/** A schema, or the one it refers to. */
export function resolved(schema: Shown): Shown {
  const { $ref } = schema;
  return $ref === undefined ? schema : DOCUMENT.components.schemas[$ref.split('/').at(-1) ?? '']!;
}

/** The operations of a document, of all paths. */
export function operationsOf({ paths }: Pick<Document, 'paths'>): DocumentedOperation[] {
  return Object.values(paths).flatMap((path) => Object.values(path));
}

/** The bodies of an operation: what it takes, and what it answers where that is not shared. */
export function bodiesOf({ requestBody, responses }: DocumentedOperation): MediaTypes[] {
  const told: readonly { readonly content?: MediaTypes; readonly $ref?: string }[] = [
    ...(requestBody === undefined ? [] : [requestBody]),
    ...Object.values(responses),
  ];
  return told.flatMap(({ content }) => (content === undefined ? [] : [content]));
}

/** A schema of the document, and where it stands in it. */
export interface FoundSchema {
  readonly at: string;
  readonly schema: Shown;
  readonly isComponent: boolean;
}

/** Every schema of a document: components, and what parameters, bodies and answers have inline, with all their parts. */
export function schemasOf({ components, paths }: Document): FoundSchema[] {
  const found: FoundSchema[] = [];
  const add = (schema: Shown | undefined, at: string, isComponent = false): void => {
    if (schema === undefined) return;
    found.push({ at, schema, isComponent });
    for (const [name, property] of Object.entries(schema.properties ?? {})) add(property, `${at}.${name}`);
    for (const list of [schema.anyOf, schema.oneOf, schema.allOf])
      list?.forEach((each, index) => {
        add(each, `${at}|${String(index)}`);
      });
    add(schema.items, `${at}[]`);
    add(schema.propertyNames, `${at}{`);
    if (typeof schema.additionalProperties === 'object') add(schema.additionalProperties, `${at}{}`);
  };
  for (const [name, schema] of Object.entries(components.schemas)) add(schema, name, true);
  for (const operation of operationsOf({ paths })) {
    const { operationId, parameters = [] } = operation;
    for (const { name, schema } of parameters) add(schema, `${operationId}.${name}`);
    for (const media of bodiesOf(operation))
      for (const { schema } of Object.values(media)) add(schema, operationId);
  }
  return found;
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
