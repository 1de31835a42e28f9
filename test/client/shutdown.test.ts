import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startChildService } from './child_service.ts';

test('SIGTERM ends the service with 0 though clients send half a body, half a header and nothing', async () => {
  const service = await startChildService({ DAXPLANE_DEMO: '0' });
  const port = Number(new URL(service.url).port);
  const head = 'POST /v1/hosts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const sockets = [];
  for (const text of [`${head}Content-Length: 100\r\n\r\n{"name"`, head, '']) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    sockets.push(socket);
  }
  // An answer on a later connection: the service has taken the ones before.
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  expect(await service.stop()).toBe(0);
  for (const socket of sockets) socket.destroy();
});
