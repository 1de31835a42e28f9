import { expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { migrate } from '../../src/store/migrate.ts';
import {
  addDevice,
  addMapper,
  addPin,
  DEVICE,
  emptyMachine,
  PIPE,
  settle,
  steadyContext,
} from '../engine/support.ts';
import { storeHost } from './support/store_host.ts';

test('[UNK5] a removal that rests is stored as it rests, and goes on from there', () => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: '5.14.0-427.13.1.el9_4.x86_64' });
  addDevice(made, { mode: 'devdax' });
  const mapping = addMapper(made, { dax_device: DEVICE, touched: 'write' });
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  const pin = addPin(made, mapping, PIPE);
  const rested = settle(made);
  const db = new Sqlite(':memory:');
  migrate(db);
  storeHost(db, made);
  const stored = db.prepare('SELECT state, verdict FROM removals').get();
  expect(stored).toEqual({ state: 'undetermined', verdict: 'undetermined' });
  const host = prepareLoad(db)('h');
  expect(host.tables.removals.get(rested.id)).toEqual(rested);
  const dropped = decide(host, { type: 'unpin', pin }, steadyContext('later'));
  if (isRefusal(dropped)) throw new Error(dropped.detail);
  expect(dropped.events.map(({ type }) => type)).toContain('removal_retried');
});
