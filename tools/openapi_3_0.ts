import { Converter } from '@apiture/openapi-down-convert';

type Loose = Record<string, unknown>;
type Schemas = Readonly<Record<string, Loose>>;

const LICENSE_URL = 'https://www.apache.org/licenses/LICENSE-2.0';

/**
 * The text of a document of OpenAPI 3.1 as that of one of 3.0.3, for Go's kin-openapi, Perl's client and whoever reads
 * nothing newer. The library converts examples, contents and what else its rules name. What it leaves is done here:
 * unions with null, lists of types, const, names of members, references with something beside them.
 */
export function toOpenApi30(text: string): string {
  const document = JSON.parse(text) as Loose;
  const { schemas } = document['components'] as { schemas: Schemas };
  const prepared = mapObjects(document, (schema) => prepare(schema, schemas)) as Loose;
  const converter = new Converter(prepared, { allOfTransform: true, convertSchemaComments: true });
  const finished = mapObjects(converter.convert(), (schema) => beside(schema, schemas)) as Loose;
  const info = finished['info'] as Loose;
  // 3.0 has no identifiers of licences.
  const license = { name: (info['license'] as Loose)['name'], url: LICENSE_URL };
  const older = withoutUnused({ ...finished, openapi: '3.0.3', info: { ...info, license } });
  return `${JSON.stringify(older, null, 2)}\n`;
}

/** Data, in which nothing is a keyword. */
const DATA: ReadonlySet<string> = new Set(['example', 'examples', 'enum', 'const', 'default']);
/** Objects whose members are names, not keywords. */
const NAMES: ReadonlySet<string> = new Set(['properties', 'schemas', 'headers', 'responses']);

/** Each object of a document as `act` makes it, the inner ones first. */
function mapObjects(value: unknown, act: (schema: Loose) => Loose, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((each) => mapObjects(each, act));
  if (typeof value !== 'object' || value === null) return value;
  const mapped = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      !isNames && DATA.has(key) ? inner : mapObjects(inner, act, !isNames && NAMES.has(key)),
    ]),
  );
  return isNames ? mapped : act(mapped);
}

/** A schema in the words of 3.0, but for the references. */
function prepare(schema: Loose, schemas: Schemas): Loose {
  if (schema['propertyNames'] !== undefined && 'additionalProperties' in schema)
    delete schema['propertyNames'];
  if (isUntyped(schema['additionalProperties'])) schema['additionalProperties'] = true;
  const { anyOf, const: constant, type, ...rest } = schema;
  if (constant !== undefined) return { ...rest, type, enum: [constant] };
  // Null alone: of any type, and of its values that one.
  if (type === 'null') return { ...rest, type: 'object', nullable: true, enum: [null] };
  if (Array.isArray(type)) return ofTypes(type as string[], rest);
  if (!Array.isArray(anyOf)) return schema;
  const members = (anyOf as Loose[]).filter((member) => !isNull(member));
  if (members.length === anyOf.length) return schema;
  const [only] = members;
  if (members.length > 1 || only === undefined)
    return { ...rest, anyOf: members.map((member) => orNull(member, schemas)) };
  return { ...orNull(only, schemas), ...rest };
}

/**
 * Values of a record that may be anything, null too, or of several types and null: said as a schema, kin-openapi takes
 * no null for either.
 */
function isUntyped(values: unknown): boolean {
  if (isAnything(values)) return true;
  const { type, anyOf = [] } = (values ?? {}) as {
    readonly type?: unknown;
    readonly anyOf?: readonly Loose[];
  };
  return type === undefined && anyOf.length > 1 && anyOf.every((member) => member['nullable'] === true);
}

function isAnything(values: unknown): boolean {
  return typeof values === 'object' && values !== null && Object.keys(values).length === 0;
}

/** What prepare() makes of null alone. */
function isNull({ enum: words }: Loose): boolean {
  return Array.isArray(words) && words.length === 1 && words[0] === null;
}

/** A schema of several types: 3.0 has one each. */
function ofTypes(types: readonly string[], { description, ...rest }: Loose): Loose {
  const nullable = types.includes('null') ? { nullable: true } : {};
  const present = types.filter((each) => each !== 'null');
  const told = description === undefined ? {} : { description };
  const [only] = present;
  if (present.length === 1) return withNull({ ...told, ...rest, type: only, ...nullable });
  const members = present.map((type) => ({ ...boundsOf(type, rest), type, ...nullable }));
  return { ...told, anyOf: members.map(withNull) };
}

/** The bounds of texts are no bounds of numbers. */
function boundsOf(type: string, { maxLength, minLength, pattern, format, ...rest }: Loose): Loose {
  if (type !== 'string') return rest;
  const bounds = Object.entries({ maxLength, minLength, pattern, format });
  return { ...rest, ...Object.fromEntries(bounds.filter(([, bound]) => bound !== undefined)) };
}

/** What may be null has null among its words, or no null is valid. */
function withNull(schema: Loose): Loose {
  const { enum: words, nullable } = schema;
  if (nullable !== true || !Array.isArray(words) || words.includes(null)) return schema;
  return { ...schema, enum: [...(words as unknown[]), null] };
}

/**
 * A schema that may be null as well. `nullable` is said beside a type: ajv refuses a document that says it without. So a
 * union of several types says null at its members alone, where kin-openapi does not look.
 */
function orNull(schema: Loose, schemas: Schemas): Loose {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return withNull({ ...schema, nullable: true });
  const target = schemas[nameIn($ref)] ?? {};
  if (typeof target['type'] === 'string' && target['type'] !== 'object')
    return withNull({ ...target, nullable: true });
  if (typeOf(target, schemas) === 'object') {
    const type = 'object';
    return { type, nullable: true, anyOf: [{ $ref }, { type, nullable: true, enum: [null] }] };
  }
  const members = (target['anyOf'] ?? target['oneOf'] ?? []) as Loose[];
  return { anyOf: members.map((member) => orNull(member, schemas)) };
}

/** The one type of a schema and of all that it is a union of; undefined where there are several. */
function typeOf(schema: Loose, schemas: Schemas): string | undefined {
  const { type, $ref, anyOf, oneOf } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return (type as string[]).find((each) => each !== 'null');
  if (typeof $ref === 'string') return typeOf(schemas[nameIn($ref)] ?? {}, schemas);
  const members = ((anyOf ?? oneOf ?? []) as Loose[]).filter((member) => member['type'] !== 'null');
  const types = new Set(members.map((member) => typeOf(member, schemas)));
  return types.size === 1 ? [...types][0] : undefined;
}

/** A reference has nothing beside it; what stands around one to what may be null says so too: 3.0 looks no further. */
function beside(schema: Loose, schemas: Schemas): Loose {
  const { $ref, ...rest } = schema;
  const isPlain = typeof $ref !== 'string' || Object.keys(rest).length === 0;
  const wrapped = isPlain ? schema : { ...rest, allOf: [{ $ref }] };
  const [only, ...others] = Array.isArray(wrapped['allOf']) ? (wrapped['allOf'] as Loose[]) : [];
  if (others.length > 0 || typeof only?.['$ref'] !== 'string') return wrapped;
  const target = schemas[nameIn(only['$ref'])] ?? {};
  const bounds = scalarBounds(target, schemas);
  return mayBeNull(target) && bounds !== undefined ? { ...wrapped, ...bounds, nullable: true } : wrapped;
}

/** The type of what may be null, and its bounds as far as linters ask for them beside a type. */
function scalarBounds(schema: Loose, schemas: Schemas): Loose | undefined {
  const type = typeOf(schema, schemas);
  if (type === undefined) return undefined;
  const named = ((schema['anyOf'] ?? []) as Loose[]).find((member) => typeof member['$ref'] === 'string');
  const {
    minimum,
    maximum,
    format,
    maxLength,
    enum: words,
  } = schemas[nameIn(String(named?.['$ref']))] ?? schema;
  const longest = Array.isArray(words) ? Math.max(...words.map((word) => String(word).length)) : undefined;
  const bounds = { minimum, maximum, format, maxLength: maxLength ?? longest };
  return { type, ...Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined)) };
}

function mayBeNull({ type, anyOf }: Loose): boolean {
  if (Array.isArray(type)) return type.includes('null');
  return Array.isArray(anyOf) && (anyOf as Loose[]).some((member) => member['type'] === 'null');
}

function nameIn($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

/** A document without the schemas that were names of members alone. */
function withoutUnused(document: Loose): Loose {
  const components = document['components'] as Loose;
  const text = JSON.stringify(document);
  const used = Object.entries(components['schemas'] as Schemas).filter(([name]) =>
    text.includes(`"#/components/schemas/${name}"`),
  );
  return { ...document, components: { ...components, schemas: Object.fromEntries(used) } };
}
