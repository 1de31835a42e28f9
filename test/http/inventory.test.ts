import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../src/inventory/export_listing.ts';
import { exportOf, knownAfter, valueOf } from '../inventory/support/host.ts';
import { recordedInventories } from '../inventory/support/recordings.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

/** Every recorded machine, imported as it is, exports what the listings said; importing that changes nothing. */
describe('[IMP] a recorded machine through the API', () => {
  it.each(recordedInventories().map((inventory, at) => [inventory.name, inventory, at] as const))(
    '%s',
    async (_name, { listings }, at) => {
      const host = `/v1/hosts/h${String(at)}`;
      await server.call('POST', '/v1/hosts', { name: `h${String(at)}`, kernel: 'v6.12' });
      const texts = [...listings].filter(([command]) => !/ -\w*u/.test(command)).map(([, text]) => text);
      for (const text of texts) {
        expect(await importText(host, text)).toMatchObject({ status: 200 });
      }
      const known = knownAfter(...texts);
      for (const format of EXPORT_FORMATS) {
        const { text } = await server.call('GET', `${host}/inventory?format=${format}`);
        expect(valueOf(text)).toEqual(valueOf(exportOf(format, known) || '[]'));
        const again = await importText(host, text);
        const changes = (again.json as unknown as { devices: { change: string }[] }).devices.map(
          ({ change }) => change,
        );
        expect(changes.filter((change) => change !== 'unchanged')).toEqual([]);
      }
    },
  );
});

function importText(host: string, text: string) {
  return server.call('POST', `${host}/inventory`, text, { 'content-type': 'application/json' });
}
