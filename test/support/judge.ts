import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What is wrong with a value by the schema at a place of the document, as texts. */
export type Judge = (place: readonly string[], value: unknown) => readonly string[];

/** Judges values by a document's own schemas: of JSON Schema 2020-12 in OpenAPI 3.1, of its forerunner in 3.0.3. */
export function judgeBy(document: { readonly openapi: string }): Judge {
  const how = { strict: false, allErrors: true } as const;
  const ajv = document.openapi.startsWith('3.1') ? new Ajv2020(how) : new Ajv(how);
  addFormats.default(ajv);
  ajv.addSchema(document, 'document');
  return (place, value) => {
    const pointer = place.map((name) => encodeURIComponent(escaped(name))).join('/');
    const validate = ajv.getSchema(`document#/${pointer}`);
    if (validate === undefined) throw new Error(`${pointer}: there is no such schema`);
    void validate(value);
    return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
      [instancePath, message, JSON.stringify(params)].join(' '),
    );
  };
}

/** A segment of a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
