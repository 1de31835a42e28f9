import { writeFile } from 'node:fs/promises';
import { renderOpenApi } from './openapi.ts';
import { buildServer } from './server.ts';
import { noBackend } from './no_backend.ts';

/** Writes openapi/daxplane.json: `npm run openapi`. */
const app = await buildServer({ backend: noBackend(), logger: false });
await writeFile(new URL('../../openapi/daxplane.json', import.meta.url), renderOpenApi(app));
await app.close();
