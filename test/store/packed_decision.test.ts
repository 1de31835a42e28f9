import { expect, test } from 'vitest';
import type { Change, Event } from '../../src/engine/model/event.ts';
import type { Decided } from '../../src/store/decided.ts';
import { packDecided, unpackDecided } from '../../src/store/packed_decision.ts';

const put = (id: string, record: object): Change =>
  ({ op: 'put', kind: 'processes', id, record }) as unknown as Change;
const eventOf = (...changes: Change[]): Event => {
  return { type: 'process_created', subject: 'processes/1', data: {}, changes };
};
const decidedBy = (...events: Event[]): Decided => {
  return { decision: { answer: null, exposures: [], events }, host_seq: 3 };
};
const text = (value: unknown): string => JSON.stringify(value);

test.each<readonly [string, Decided]>([
  ['no events', decidedBy()],
  ['a record', decidedBy(eventOf(put('1', { a: 1, b: [2] })))],
  ['a record that changes twice', decidedBy(...[1, 2, 3].map((a) => eventOf(put('1', { a, b: [2] }))))],
  ['members that come', decidedBy(eventOf(put('1', { a: 1 }), put('1', { a: 1, b: 2 })))],
  ['members that go', decidedBy(eventOf(put('1', { a: 1, b: 2 }), put('1', { b: 2 }), put('1', { b: 3 })))],
  ['another order', decidedBy(eventOf(put('1', { a: 1, b: 2 }), put('1', { b: 2, a: 1 })))],
  [
    'a member that is undefined by now',
    decidedBy(eventOf(put('1', { a: 1, b: 2 }), put('1', { a: 1, b: undefined }))),
  ],
  ['one that was', decidedBy(eventOf(put('1', { a: undefined, b: 2 }), put('1', { a: 1, b: 2 })))],
  ['what is no record', decidedBy(eventOf({ op: 'delete', kind: 'pins', id: 'p1' }, put('p1', { a: 1 })))],
  ['a refusal', { decision: { refused: 'conflict', code: 'overlap', detail: '' } as never, host_seq: 1 }],
  ['an answer', { answered: { status: 'precondition_failed' } }],
])('%s comes back as it went', (_what, decided) => {
  expect(text(unpackDecided(packDecided(decided)))).toBe(text(decided));
});

test('the content of a snapshot goes as the bytes that it is, whatever is before it', () => {
  const content = Buffer.from(Uint8Array.from({ length: 1_000 }, (_, at) => at % 256));
  const packed = packDecided({ ...decidedBy(eventOf(put('1', { name: 'é€😀' }))), content });
  expect(unpackDecided(packed)).toEqual({ ...decidedBy(eventOf(put('1', { name: 'é€😀' }))), content });
  expect(packed.byteLength).toBeLessThan(content.length + 300);
});

test('a record that is put again is packed as what is another of it', () => {
  const record = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`member_${String(at)}`, at]));
  const once = packDecided(decidedBy(eventOf(put('1', record)))).byteLength;
  const again = packDecided(
    decidedBy(eventOf(put('1', record)), eventOf(put('1', { ...record, member_3: 0 }))),
  );
  expect(again.byteLength).toBeLessThan(once * 1.5);
});
