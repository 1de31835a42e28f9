import { describeAnswers } from './answers.ts';
import { describeSchemas } from './describe_schemas.ts';
import { showAnswers } from './examples.ts';
import { describeMessages } from './messages.ts';
import { nameSchemas } from './names.ts';
import type { OpenApiDocument } from './schema.ts';

/** What the routes say, made complete: names, bounds, descriptions, header fields, examples. Changes the document. */
export function finish(document: OpenApiDocument): void {
  describeMessages(document);
  nameSchemas(document);
  describeSchemas(document);
  describeAnswers(document);
  showAnswers(document);
  orderMethods(document);
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];

/** Methods of a path in the order in which people look for them. */
function orderMethods({ paths }: OpenApiDocument): void {
  for (const [path, operations] of Object.entries(paths))
    paths[path] = Object.fromEntries(
      Object.entries(operations).sort(([a], [b]) => METHODS.indexOf(a) - METHODS.indexOf(b)),
    );
}
