import openapiTs, { astToString, COMMENT_HEADER } from 'openapi-typescript';

interface Components {
  readonly schemas: Readonly<Record<string, { readonly title: string }>>;
}

interface Answer {
  readonly content?: Readonly<Record<string, { example?: unknown }>>;
}

type Paths = Readonly<
  Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Answer>> }>>>
>;

/** The types of a client, from the text of the document: src/client/generated_schema.ts. */
export async function clientSchema(text: string): Promise<string> {
  // A title is the name once more: each type would be told what it is called.
  const { components, paths, ...document } = JSON.parse(text) as {
    readonly components: Components;
    readonly paths: Paths;
  };
  const schemas = Object.entries(components.schemas).map(([name, { title: _name, ...schema }]) => [
    name,
    schema,
  ]);
  dropAnswers(paths);
  const untitled = {
    ...document,
    paths,
    components: { ...components, schemas: Object.fromEntries(schemas) as object },
  };
  // Nobody writes it: nobody is to be told how.
  return `/* eslint-disable */\n${COMMENT_HEADER}` + astToString(await openapiTs(JSON.stringify(untitled)));
}

/** Takes away the answers that are shown: comments would have them in full, half as much again as the types. */
function dropAnswers(paths: Paths): void {
  for (const operations of Object.values(paths))
    for (const { responses } of Object.values(operations))
      for (const { content = {} } of Object.values(responses))
        for (const media of Object.values(content)) delete media.example;
}
