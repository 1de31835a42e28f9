import { expect, test } from 'vitest';
import { seedDemo } from '../../src/app/demo.ts';
import { startTestServer, type Method } from '../support/server.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Shown }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Shown }> };
}
interface Shown {
  readonly $ref?: string;
  readonly example?: unknown;
}

/** The demo fleet has none of these. */
const NOT_THERE: ReadonlySet<string> = new Set([
  ...['bindCxlMemdev', 'removeCxlMemdev', 'commitCxlRegion', 'bindCxlRegion', 'patchMemoryBlock', 'unpin'],
]);
/** A bound device binds no more, a device in use is not deleted, nor is a mapped file; two mounts stand on one place. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['bindDaxDevice', 'deleteDaxDevice', 'deleteFile', 'umount', 'clearErrors'],
]);

test('the example of every mutation executes against a fresh demo fleet', async () => {
  const server = await startTestServer();
  try {
    await seedDemo(server.controlPlane);
    const { paths, components } = (await server.call('GET', '/openapi.json')).json as unknown as {
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, Shown> };
    };
    const shown = (schema: Shown): unknown =>
      schema.example ?? components.schemas[schema.$ref?.split('/').at(-1) ?? '']?.example;
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { operationId, parameters = [], requestBody }] of Object.entries(operations)) {
        if (method === 'get' || operationId === 'importInventory') continue;
        const named = parameters.filter((parameter) => parameter.in === 'path');
        const at = named.reduce((url, { name, schema }) => {
          expect([operationId, name, shown(schema)]).not.toContain(undefined);
          return url.replace(`{${name}}`, String(shown(schema)));
        }, path);
        const schema = requestBody?.content['application/json']?.schema;
        const body = schema === undefined ? undefined : (shown(schema) ?? {});
        const answer = await server.call(method.toUpperCase() as Method, `${at}?dry_run=true`, body);
        const kind = NOT_THERE.has(operationId) ? 404 : REFUSED.has(operationId) ? 409 : 200;
        const got = answer.status < 300 ? 200 : answer.status;
        expect([operationId, got, answer.text.slice(0, 300)]).toEqual([operationId, kind, expect.anything()]);
      }
    }
  } finally {
    await server.close();
  }
});
