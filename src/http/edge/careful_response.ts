import {
  IncomingMessage,
  ServerResponse,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** Header fields that make a browser careful, on every answer. */
export const CAREFUL_HEADERS = carefulHeaders();

/** Names and values in turn. */
const CAREFUL_FIELDS = Object.entries(CAREFUL_HEADERS).flat();

type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * An answer that makes a browser careful, whoever gives it; of what it says itself nothing is replaced. They are handed
 * to Node as a list: an object of as many members is a table, which is slow to fill and to read.
 */
export class CarefulResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  override writeHead(status: number, reason?: string | Fields, more?: Fields): this {
    const own = (typeof reason === 'string' ? more : (more ?? reason)) ?? {};
    const fields = this.#carefulBeside(Array.isArray(own) ? namesIn(own) : Object.keys(own));
    if (Array.isArray(own)) fields.push(...own);
    else for (const name in own) fields.push(name, own[name]!);
    return typeof reason === 'string'
      ? super.writeHead(status, reason, fields)
      : super.writeHead(status, fields);
  }

  /** The careful fields but for those that are said with these names, or are set. */
  #carefulBeside(names: readonly string[]): OutgoingHttpHeader[] {
    const said = this.getHeaderNames().concat(names);
    if (!said.some((name) => name.toLowerCase() in CAREFUL_HEADERS)) return CAREFUL_FIELDS.slice();
    const lower = said.map((name) => name.toLowerCase());
    return Object.entries(CAREFUL_HEADERS)
      .filter(([name]) => !lower.includes(name))
      .flat();
  }
}

/** Of names and values in turn. */
function namesIn(fields: readonly OutgoingHttpHeader[]): string[] {
  return fields.filter((_each, at) => at % 2 === 0).map(String);
}

/** Helmet's, asked once: they are the same for every answer. The explorer's page runs its own scripts only. */
function carefulHeaders(): Readonly<Record<string, string>> {
  const careful = helmet({
    // Plain HTTP is served here: whoever puts TLS in front sets HSTS there.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  careful(request, response, (error) => {
    if (error !== undefined) throw new Error('helmet has no headers', { cause: error });
  });
  return response.getHeaders() as Record<string, string>;
}
