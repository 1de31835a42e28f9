import {
  isNull,
  mapSchemas,
  nameIn,
  refTo,
  type OpenApiDocument,
  type Place,
  type Schema,
} from './schema.ts';
import { bounded } from './bounds.ts';
import { PLACES, TEXTS } from './places.ts';
import { WORDS } from './words.ts';

/**
 * Gives a name to whatever generators else make an anonymous type of, one a place: enumerations (words.ts), texts and
 * objects that may be null (places.ts), and each union of a named schema with null, which is `Nullable` and that name.
 * What is named already keeps its name.
 */
export function nameSchemas(document: OpenApiDocument): void {
  const { schemas } = document.components;
  const named = new Map<string, Schema>();
  const names = namesByContent(schemas);
  const wordsOf = (name: string): readonly unknown[] | undefined => WORDS[name]?.words ?? schemas[name]?.enum;
  const name = (given: string, schema: Schema): Schema => {
    named.set(given, schema);
    return { $ref: refTo(given) };
  };
  mapSchemas(document, (found, place, isComponent) => {
    const schema = bounded(withMembers(withoutIdleNames(found), wordsOf));
    if (isComponent) return schema;
    return nameContent(nullable(schema), place);
  });
  for (const [given, schema] of named) schemas[given] = schema;
  // Generators that put a schema in the place of each reference to it know its name by this alone.
  for (const [title, schema] of Object.entries(schemas)) schemas[title] = { title, ...schema };

  function nameContent(schema: Schema, place: Place): Schema {
    const { description, ...content } = schema;
    const beside = description === undefined ? {} : { description };
    const words = schema.enum === undefined ? undefined : names.get(JSON.stringify(schema.enum));
    if (words !== undefined) {
      const told = WORDS[words]?.description;
      if (!(words in schemas)) name(words, { ...content, description: told ?? words });
      return { $ref: refTo(words), ...beside };
    }
    const text = textNamed(content);
    if (text !== undefined) return { ...name(text.name, { ...content, ...text.told }), ...beside };
    const placed = PLACES[place.join('.')];
    if (placed === undefined || schema.type === 'null' || schema.$ref !== undefined) return schema;
    return { ...name(placed, schema), ...beside };
  }

  /** A schema beside null is one schema: of a type of its own, or with a name of its own. */
  function nullable(schema: Schema): Schema {
    const { anyOf = [], ...beside } = schema;
    const [present, absent] = anyOf;
    if (anyOf.length !== 2 || present === undefined || absent === undefined || !isNull(absent)) return schema;
    if (present.$ref !== undefined) {
      const { $ref, ...inner } = present;
      const of = nameIn($ref);
      const description = `As ${of}, or null where there is none.`;
      return { ...name(`Nullable${of}`, { anyOf: [{ $ref }, absent], description }), ...inner, ...beside };
    }
    if (typeof present.type !== 'string') return schema;
    return { ...present, ...beside, type: [present.type, 'null'] };
  }
}

/** Names of enumerations by their words: those that schemas have themselves, and those of words.ts. */
function namesByContent(schemas: Readonly<Record<string, Schema>>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, { words }] of Object.entries(WORDS)) names.set(JSON.stringify(words), name);
  for (const [name, schema] of Object.entries(schemas))
    if (schema.enum !== undefined) names.set(JSON.stringify(schema.enum), name);
  return names;
}

function textNamed({ type, minLength = 0, maxLength = Infinity, example: _example, ...rest }: Schema) {
  const isNullable = Array.isArray(type) && type.length === 2 && type.includes('null');
  if (type !== 'string' && !(isNullable && type.includes('string'))) return undefined;
  if (Object.keys(rest).length > 0) return undefined;
  const found = TEXTS.find((text) => text.minLength === minLength && text.maxLength === maxLength);
  if (found === undefined) return undefined;
  const name = isNullable ? `Nullable${found.name}` : found.name;
  const description = isNullable ? `As ${found.name}, or null where there is none.` : found.description;
  return { name, told: { description } };
}

/** An object of which the names of the members are told is one of these properties. */
function withMembers(schema: Schema, wordsOf: (name: string) => readonly unknown[] | undefined): Schema {
  const { propertyNames, additionalProperties, ...rest } = schema;
  const words = propertyNames?.enum ?? wordsOf(nameIn(propertyNames?.$ref ?? ''));
  if (words === undefined || typeof additionalProperties !== 'object') return schema;
  const properties = Object.fromEntries(
    words.map((word) => [String(word), { ...additionalProperties, description: `Of \`${String(word)}\`.` }]),
  );
  return { ...rest, properties, additionalProperties: false };
}

/** That a name is any text says nothing. */
function withoutIdleNames({ propertyNames, ...rest }: Schema): Schema {
  if (propertyNames === undefined || nameIn(propertyNames.$ref ?? '') === 'FreeText') return rest;
  return { ...rest, propertyNames };
}
