import { Converter } from '@apiture/openapi-down-convert';

type Loose = Record<string, unknown>;

/**
 * The text of a document of OpenAPI 3.1 as that of one of 3.0.3, for Go's kin-openapi, Perl's client and whoever reads nothing newer. The
 * library converts what its rules name: type lists with null, const, examples, references with something beside them.
 * What it leaves is done here: unions with null, exclusive bounds, names of members, more than one type.
 */
export function toOpenApi30(text: string): string {
  const prepared = mapObjects(JSON.parse(text), prepare) as Loose;
  const converter = new Converter(prepared, {
    allOfTransform: true,
    convertSchemaComments: true,
    deleteExampleWithId: false,
    verbose: false,
  });
  const converted = converter.convert() as Loose;
  const finished = mapObjects(mapObjects(converted, finish), nullableBeside(prepared)) as Loose;
  const info = { ...(finished['info'] as Loose) };
  // 3.0 has no identifiers of licences: the name is one.
  if (typeof info['license'] === 'object')
    info['license'] = { name: (info['license'] as Loose)['name'], url: LICENSE_URL };
  return `${JSON.stringify({ ...finished, openapi: '3.0.3', info }, null, 2)}\n`;
}

const LICENSE_URL = 'https://www.apache.org/licenses/LICENSE-2.0';

/** Data, in which nothing is a keyword. */
const DATA: ReadonlySet<string> = new Set(['example', 'examples', 'enum', 'const', 'default']);
/** Objects whose members are names, not keywords. */
const NAMES: ReadonlySet<string> = new Set([
  'properties',
  'schemas',
  'headers',
  'responses',
  'patternProperties',
]);

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

/** What the library would lose: a union with null is what it is of, nullable. */
function prepare(schema: Loose): Loose {
  const { anyOf, const: constant, propertyNames, ...rest } = schema;
  if (propertyNames !== undefined && typeof propertyNames === 'object')
    schema = omit(schema, 'propertyNames');
  if (constant !== undefined) return { ...rest, enum: [constant] };
  if (!Array.isArray(anyOf)) return schema;
  const members = (anyOf as Loose[]).filter(({ type }) => type !== 'null');
  if (members.length === anyOf.length) return schema;
  const [only] = members;
  if (members.length === 1 && only !== undefined) {
    if ('$ref' in only) return { ...rest, allOf: [{ $ref: only['$ref'] }], nullable: true };
    return { ...only, ...rest, nullable: true };
  }
  return { ...rest, anyOf: members, nullable: true };
}

/** What the library leaves: lists of types, the null of an enumeration, references with something beside them. */
function finish(schema: Loose): Loose {
  const { type, enum: words, $ref, ...rest } = schema;
  if (typeof $ref === 'string' && Object.keys(rest).length > 0 && !('in' in rest))
    return { ...rest, allOf: [{ $ref }] };
  // Null alone: of any type, and of its values that one.
  if (type === 'null') return { ...rest, type: 'object', nullable: true, enum: [null] };
  const types = Array.isArray(type) ? (type as string[]) : [];
  if (types.length === 0) return nullNamed(schema);
  const present = types.filter((each) => each !== 'null');
  const nullable = present.length < types.length ? { nullable: true } : {};
  const enumerated = words === undefined ? {} : { enum: words };
  if (present.length === 1) return nullNamed({ ...rest, type: present[0], ...enumerated, ...nullable });
  return { ...rest, anyOf: present.map((each) => ({ type: each })), ...nullable };
}

/** Where the reference is to what may be null, what stands around it has to say so too: 3.0 looks no further. */
function nullableBeside(document: Loose): (schema: Loose) => Loose {
  const { schemas } = document['components'] as { schemas: Record<string, Loose> };
  return (schema) => {
    const [only, ...others] = Array.isArray(schema['allOf']) ? (schema['allOf'] as Loose[]) : [];
    const name = String(only?.['$ref']).split('/').at(-1) ?? '';
    const isNullable = others.length === 0 && mayBeNull(schemas[name]);
    return isNullable ? { ...schema, nullable: true } : schema;
  };
}

function mayBeNull(schema: Loose | undefined): boolean {
  const type = schema?.['type'];
  return schema?.['nullable'] === true || (Array.isArray(type) && type.includes('null'));
}

/** What may be null has null among its words, or no null is valid. */
function nullNamed(schema: Loose): Loose {
  const { enum: words, nullable } = schema;
  if (nullable !== true || !Array.isArray(words) || words.includes(null)) return schema;
  return { ...schema, enum: [...(words as unknown[]), null] };
}

function omit(schema: Loose, key: string): Loose {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}
