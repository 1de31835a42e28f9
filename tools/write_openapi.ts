import { writeFile } from 'node:fs/promises';
import { noBackend } from '../src/http/no_backend.ts';
import { renderOpenApi } from '../src/http/openapi.ts';
import { buildServer } from '../src/http/server.ts';
import { clientSchema } from './client_schema.ts';
import { toOpenApi30 } from './openapi_3_0.ts';

/** Writes openapi/daxplane.json, the same as OpenAPI 3.0.3, and the types of the client: `npm run openapi`. */
const app = await buildServer({ backend: noBackend(), logger: false });
const text = renderOpenApi(app);
await app.close();
await writeFile(new URL('../openapi/daxplane.json', import.meta.url), text);
await writeFile(new URL('../openapi/daxplane-3.0.json', import.meta.url), toOpenApi30(text));
await writeFile(new URL('../src/client/generated_schema.ts', import.meta.url), await clientSchema(text));
