/** A JSON Schema of the document, as far as it is read and written here. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  [keyword: string]: unknown;
}

/**
 * Where a schema stands: the name of its component, or of its operation and the status; then those of properties, with
 * `[]` behind for what is in an array, `{}` for the values of a record, `|0` for the first of a union.
 */
export type Place = readonly string[];

/** What a schema becomes, whose own parts have been visited; whether it is a component itself. */
export type Visit = (schema: Schema, place: Place, isComponent: boolean) => Schema;

const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const;

/** A schema with each of its parts, and then itself, as `visit` makes it. */
function mapSchema(schema: Schema, place: Place, visit: Visit, isComponent = false): Schema {
  const mapped: Schema = { ...schema };
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    mapped.properties = {
      ...mapped.properties,
      [name]: mapSchema(property, [...place, name], visit),
    };
  for (const keyword of LISTS) {
    const list = schema[keyword] as Schema[] | undefined;
    if (list !== undefined)
      mapped[keyword] = list.map((each, at) => mapSchema(each, behind(place, `|${String(at)}`), visit));
  }
  if (schema.items !== undefined) mapped.items = mapSchema(schema.items, behind(place, '[]'), visit);
  const { additionalProperties: values, propertyNames: names } = schema;
  if (typeof values === 'object') mapped.additionalProperties = mapSchema(values, behind(place, '{}'), visit);
  if (names !== undefined) mapped.propertyNames = mapSchema(names, behind(place, '{'), visit);
  return visit(mapped, place, isComponent);
}

/** What has no name of its own has that of what it is in, and a mark. */
function behind(place: Place, mark: string): Place {
  return [...place.slice(0, -1), `${place.at(-1) ?? ''}${mark}`];
}

/** What has schemas beside the components: parameters, header fields, bodies. */
interface Holder {
  schema?: Schema;
  content?: Record<string, Holder>;
  headers?: Record<string, Holder>;
}

/** What is read and written of an operation. */
export interface DocumentedOperation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: Parameter[];
  readonly requestBody?: Holder & { required?: boolean };
  readonly responses: Record<string, DocumentedResponse>;
}

/** A parameter of an operation. */
export interface Parameter extends Holder {
  readonly name: string;
  readonly in: string;
  description?: string;
  [keyword: string]: unknown;
}

/** An answer, or the reference to one that operations share. */
export interface DocumentedResponse {
  $ref?: string;
  description?: string;
  headers?: Record<string, object>;
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}

/** What is read and written of the document. */
export interface OpenApiDocument {
  webhooks?: Record<string, object>;
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
  readonly components: {
    schemas: Record<string, Schema>;
    responses: Record<string, DocumentedResponse>;
    headers?: Record<string, object>;
  };
}

/** The operations of a document. */
export function operationsOf(document: OpenApiDocument): DocumentedOperation[] {
  return Object.values(document.paths).flatMap((path) => Object.values(path));
}

/** Replaces every schema of a document by what `visit` makes of it. A schema has no place above its component or operation. */
export function mapSchemas(document: OpenApiDocument, visit: Visit): void {
  const { schemas, responses } = document.components;
  for (const [name, schema] of Object.entries(schemas))
    schemas[name] = mapSchema(schema, [name], visit, true);
  for (const [name, response] of Object.entries(responses)) mapHeld(response, [name], visit);
  for (const operation of operationsOf(document)) {
    const place = [operation.operationId];
    for (const parameter of operation.parameters ?? []) mapHeld(parameter, [...place, parameter.name], visit);
    if (operation.requestBody !== undefined) mapHeld(operation.requestBody, place, visit);
    for (const [status, response] of Object.entries(operation.responses))
      mapHeld(response, [...place, status], visit);
  }
}

function mapHeld(holder: Holder, place: Place, visit: Visit): void {
  if (holder.schema !== undefined) holder.schema = mapSchema(holder.schema, place, visit);
  for (const [name, header] of Object.entries(holder.headers ?? {})) mapHeld(header, [...place, name], visit);
  for (const media of Object.values(holder.content ?? {})) mapHeld(media, place, visit);
}

/** The reference to a component. */
export function refTo(name: string): string {
  return `#/components/schemas/${name}`;
}

/** The component that a reference names. */
export function nameIn($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

/** Whether a schema takes null beside something else. */
export function isNull(schema: Schema): boolean {
  return schema.type === 'null';
}
