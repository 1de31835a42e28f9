import { COMPONENTS } from './components.ts';
import { GLOSSARY } from './glossary.ts';
import { TEXTS } from './places.ts';
import { nameIn, operationsOf, type OpenApiDocument, type Schema } from './schema.ts';

/** Names of texts say nothing of what is in them. */
const TEXT_NAMES: ReadonlySet<string> = new Set(TEXTS.flatMap(({ name }) => [name, `Nullable${name}`]));

/** Describes every component, property and parameter that its schema leaves undescribed, by the glossary. */
export function describeSchemas(document: OpenApiDocument): void {
  const { schemas } = document.components;
  const isTold = ({ description, $ref }: Schema): boolean =>
    description !== undefined ||
    ($ref !== undefined && !TEXT_NAMES.has(nameIn($ref)) && schemas[nameIn($ref)]?.description !== undefined);
  for (const [name, schema] of Object.entries(schemas)) {
    const description = COMPONENTS[name];
    if (description !== undefined) schemas[name] = { ...schema, description };
  }
  for (const [name, schema] of Object.entries(schemas)) describeMembers(name, schema, isTold);
  for (const operation of operationsOf(document))
    for (const parameter of operation.parameters ?? []) {
      const { name, schema } = parameter;
      // A list is given by saying the parameter again.
      if (schema?.type === 'array') Object.assign(parameter, { style: 'form', explode: true });
      if (parameter.description !== undefined) continue;
      const told = GLOSSARY[name];
      if (told === undefined) continue;
      parameter.description = told.startsWith('Only') ? told : `Only with this \`${name}\`. ${told}`;
    }
}

function describeMembers(component: string, schema: Schema, isTold: (schema: Schema) => boolean): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const description = GLOSSARY[`${component}.${name}`] ?? GLOSSARY[name];
    if (!isTold(property) && description !== undefined)
      schema.properties![name] = { ...property, description };
    describeMembers(component, schema.properties![name]!, isTold);
  }
  for (const part of partsOf(schema)) describeMembers(component, part, isTold);
}

function partsOf({ items, additionalProperties, anyOf = [], oneOf = [] }: Schema): Schema[] {
  const values = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [...(items === undefined ? [] : [items]), ...values, ...anyOf, ...oneOf];
}
