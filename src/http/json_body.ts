import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { faultInJson } from './json_scan.ts';
import { HttpProblem } from './problem.ts';

const JSON_TYPE = 'application/json';

/** JSON and nothing else; a verb that needs nothing said may come with an empty body. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, bytes, done) => {
    const text = utf8Of(request, bytes as Buffer).toString('utf8');
    if (text === '') {
      done(null, undefined);
      return;
    }
    const fault = faultInJson(text);
    if (fault === null) void parse(request, text, done);
    else done(problemOf(fault));
  });
  refuseOtherTypes(app, [JSON_TYPE]);
}

/** Every other body is `unsupported_media_type`: which type came, and which are taken. */
export function refuseOtherTypes(app: FastifyInstance, taken: readonly string[]): void {
  app.addContentTypeParser('*', (request, _payload, done) => {
    const type = request.headers['content-type'];
    const came = type === undefined ? 'without a Content-Type' : `as ${type}`;
    done(new HttpProblem('unsupported_media_type', `the body came ${came}; accepted: ${taken.join(', ')}`));
  });
}

/**
 * The bytes of a text. Throws `unsupported_media_type` where the request says that they are something else, and
 * `malformed_json` where they are not UTF-8: decoding would put U+FFFD there.
 */
export function utf8Of(request: FastifyRequest, bytes: Buffer): Buffer {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = request.headers;
  if (encoding.toLowerCase() !== 'identity')
    throw new HttpProblem(
      'unsupported_media_type',
      `the body came encoded as ${encoding}; only plain UTF-8 is accepted`,
    );
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? [];
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset.toLowerCase()))
    throw new HttpProblem('unsupported_media_type', `the body came in ${charset}; only UTF-8 is accepted`);
  if (!isUtf8(bytes)) throw new HttpProblem('malformed_json', 'the body is not UTF-8');
  return bytes;
}

function problemOf({ kind, pointer, detail }: NonNullable<ReturnType<typeof faultInJson>>): HttpProblem {
  const code = kind === 'too_large' ? 'payload_too_large' : 'malformed_json';
  return new HttpProblem(code, `${pointer || 'the body'}: ${detail}`, { errors: [{ pointer, detail }] });
}
