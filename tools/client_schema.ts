import openapiTs, { astToString, COMMENT_HEADER } from 'openapi-typescript';

interface Components {
  readonly schemas: Readonly<Record<string, { readonly title: string }>>;
}

/** The types of a client, from the text of the document: src/client/generated_schema.ts. */
export async function clientSchema(text: string): Promise<string> {
  // A title is the name once more: each type would be told what it is called.
  const { components, ...document } = JSON.parse(text) as { readonly components: Components };
  const schemas = Object.entries(components.schemas).map(([name, { title: _name, ...schema }]) => [
    name,
    schema,
  ]);
  const untitled = {
    ...document,
    components: { ...components, schemas: Object.fromEntries(schemas) as object },
  };
  // Nobody writes it: nobody is to be told how.
  return `/* eslint-disable */\n${COMMENT_HEADER}` + astToString(await openapiTs(JSON.stringify(untitled)));
}
