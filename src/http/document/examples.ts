import { readFileSync } from 'node:fs';
import { operationsOf, type OpenApiDocument } from './schema.ts';

/** operationId → status → the body of an answer. */
type Examples = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Written by `npm run openapi`, from answers of a service. */
const FILE = new URL('../../../openapi/examples.json', import.meta.url);

/** Gives each answer that is JSON an example: one that the service gave. */
export function showAnswers(document: OpenApiDocument): void {
  const examples = JSON.parse(readFileSync(FILE, 'utf8')) as Examples;
  for (const { operationId, responses } of operationsOf(document))
    for (const [status, example] of Object.entries(examples[operationId] ?? {})) {
      const content = responses[status]?.content;
      const media = content?.['application/json'];
      if (content !== undefined && media !== undefined) content['application/json'] = { ...media, example };
    }
}
