import openapiTs, { astToString, COMMENT_HEADER } from 'openapi-typescript';

/** The types of a client, from the text of the document: src/client/generated_schema.ts. */
export async function clientSchema(text: string): Promise<string> {
  // Nobody writes it: nobody is to be told how.
  return `/* eslint-disable */\n${COMMENT_HEADER}` + astToString(await openapiTs(text));
}
