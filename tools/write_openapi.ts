import { writeFile } from 'node:fs/promises';
import { noBackend } from '../src/http/no_backend.ts';
import { renderOpenApi } from '../src/http/openapi.ts';
import { buildServer } from '../src/http/server.ts';
import { clientSchema } from './client_schema.ts';
import { examplesOf } from './examples.ts';
import { toOpenApi30 } from './openapi_3_0.ts';

/**
 * Writes openapi/daxplane.json, the answers that it shows, the same as OpenAPI 3.0.3, and the types of the client:
 * `npm run openapi`.
 */
const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

async function writeDocument(): Promise<string> {
  const app = await buildServer({ backend: noBackend(), logger: false });
  const text = renderOpenApi(app);
  await app.close();
  await writeFile(at('openapi/daxplane.json'), text);
  return text;
}

await writeDocument();
// By what was written just now: it asks what the document has.
const { walk } = await import('../test/http/walk/story.ts');
await writeFile(at('openapi/examples.json'), examplesOf(await walk()));
const text = await writeDocument();
await writeFile(at('openapi/daxplane-3.0.json'), toOpenApi30(text));
await writeFile(at('src/client/generated_schema.ts'), await clientSchema(text));
