import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as a receiver of webhooks got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of webhooks on the loopback. */
export interface Receiver {
  readonly url: string;
  /** In order of their arrival. */
  readonly received: Received[];
  /** How the next messages are answered: by a status, or by hand; 204 by default. */
  answer: (received: Received, response: ServerResponse) => void;
  readonly close: () => Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      const message = { path: url, headers, body: Buffer.concat(chunks).toString() };
      received.push(message);
      receiver.answer(message, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${String(port)}/in`,
    received,
    answer: (_received, response) => response.writeHead(204).end(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** Answers with a status, and nothing else. */
export function withStatus(status: number, headers: Record<string, string> = {}): Receiver['answer'] {
  return (_received, response) => response.writeHead(status, headers).end();
}
