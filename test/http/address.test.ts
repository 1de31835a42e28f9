import { afterAll, beforeAll, expect, test } from 'vitest';
import { findAddress } from '../../src/http/address.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

test('localhost is one address, and one server listens on it', async () => {
  const found = await findAddress('localhost', 0);
  expect(found).toEqual({ address: '127.0.0.1', isOpen: false });
  await server.app.listen({ host: found.address, port: 0 });
  expect(server.app.addresses()).toMatchObject([{ address: '127.0.0.1' }]);
});

test.each([
  ['127.0.0.2', false],
  ['0.0.0.0', true],
])('an address is itself: %s', async (address, isOpen) => {
  expect(await findAddress(address, 0)).toEqual({ address, isOpen });
});
