import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseLossless } from '../inventory/lossless.ts';
import { BODY_VALUES_MAX, faultInJson } from './json_scan.ts';
import { headerProblem, HttpProblem } from './problem.ts';

const JSON_TYPE = 'application/json';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Members and elements that a body may have; BODY_VALUES_MAX where absent. */
    readonly bodyValuesMax?: number;
  }
}

/** JSON and nothing else; a verb that needs nothing said may come with an empty body. */
export function takeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, bytes, done) => {
    const text = utf8Of(request, bytes as Buffer).toString('utf8');
    const { bodyValuesMax = BODY_VALUES_MAX } = request.routeOptions.config;
    done(null, text === '' ? undefined : valueOf(text, bodyValuesMax));
  });
  refuseOtherTypes(app, [JSON_TYPE]);
}

/** Every other body is `unsupported_media_type`: which type came, and which are taken. */
export function refuseOtherTypes(app: FastifyInstance, taken: readonly string[]): void {
  app.addContentTypeParser('*', (request, _payload, done) => {
    const type = request.headers['content-type'];
    const came = type === undefined ? 'without a Content-Type' : `as ${type}`;
    done(
      headerProblem(
        'unsupported_media_type',
        'Content-Type',
        `the body came ${came}; accepted: ${taken.join(', ')}`,
      ),
    );
  });
}

/**
 * The bytes of a text. Throws `unsupported_media_type` where the request says that they are something else, and
 * `malformed_json` where they are not UTF-8: decoding would put U+FFFD there.
 */
export function utf8Of(request: FastifyRequest, bytes: Buffer): Buffer {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers;
  if (encoding.toLowerCase() !== 'identity')
    throw headerProblem(
      'unsupported_media_type',
      'Content-Encoding',
      `the body came encoded as ${encoding}; only plain UTF-8 is accepted`,
    );
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? [];
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset.toLowerCase()))
    throw headerProblem(
      'unsupported_media_type',
      'Content-Type',
      `the body came in ${charset}; only UTF-8 is accepted`,
    );
  if (!isUtf8(bytes)) throw bodyProblem('malformed_json', `is not UTF-8 at byte ${String(notUtf8At(bytes))}`);
  return bytes;
}

/** Where bytes are no longer what their text would be. */
function notUtf8At(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'));
  const at = bytes.findIndex((byte, index) => byte !== again[index]);
  return at === -1 ? bytes.length : at;
}

/** The value of a text that is not empty. Throws `payload_too_large` and `malformed_json`, with the place. */
function valueOf(text: string, valuesMax: number): unknown {
  const fault = faultInJson(text, valuesMax);
  if (fault !== null) {
    const code = fault.kind === 'too_large' ? 'payload_too_large' : 'malformed_json';
    throw bodyProblem(code, fault.detail, fault.pointer);
  }
  try {
    // RFC 8259, 8.1: a byte order mark may be ignored.
    return JSON.parse(text.replace(/^\uFEFF/, ' '));
  } catch (error) {
    throw bodyProblem('malformed_json', whyNotJson(text, error as SyntaxError));
  }
}

/** The reason of a parser that tells the place on every Node. */
function whyNotJson(text: string, { message }: SyntaxError): string {
  const broken = parseLossless(text.replace(/^\uFEFF/, ' '));
  if (!('position' in broken)) return message;
  return `is not JSON at byte ${String(Buffer.byteLength(text.slice(0, broken.position)))}: ${broken.detail}`;
}

function bodyProblem(
  code: 'payload_too_large' | 'malformed_json',
  detail: string,
  pointer = '',
): HttpProblem {
  return new HttpProblem(code, `${pointer || 'the body'}: ${detail}`, { errors: [{ pointer, detail }] });
}
