import { expect, test } from 'vitest';
import { addId, countIds, dropId, idList, idsOf } from '../../src/engine/model/id_list.ts';

const IDS = Array.from({ length: 20 }, (_, at) => `v${String(at)}`);

test('has ids in the order of their numbers, each once, however they come', () => {
  const list = idList('v7', 'o9', 'v3', 'v7', 'v8');
  expect([idsOf(list), countIds(list)]).toEqual([['v3', 'v7', 'v8', 'o9'], 4]);
});

test('has ids without a number in the order in which they came', () => {
  const list = idList('uid-b', 'uid-a', 'uid-b');
  dropId(list, 'uid-c');
  expect(idsOf(list)).toEqual(['uid-b', 'uid-a']);
  dropId(list, 'uid-b');
  expect([idsOf(list), countIds(list)]).toEqual([['uid-a'], 1]);
});

test('an id that comes and is taken back leaves nothing', () => {
  const list = idList(...IDS);
  addId(list, 'v99');
  dropId(list, 'v99');
  expect(list).toEqual(idList(...IDS));
});

test('those that go from between the others leave no gap for long', () => {
  const list = idList(...IDS);
  const gone = IDS.slice(3, 15);
  for (const [at, id] of gone.entries()) {
    dropId(list, id);
    dropId(list, id);
    expect(countIds(list)).toBe(IDS.length - at - 1);
    expect(idsOf(list)).toEqual(IDS.filter((each) => !gone.slice(0, at + 1).includes(each)));
    expect(list.ids.length).toBeLessThanOrEqual(2 * countIds(list));
  }
});

test('what stands before a gap at the end ends the list once the last has gone', () => {
  const list = idList(...IDS);
  for (const id of ['v17', 'v18', 'v19']) dropId(list, id);
  expect(list).toEqual(idList(...IDS.slice(0, 17)));
  addId(list, 'v18');
  addId(list, 'v17');
  expect(idsOf(list)).toEqual(IDS.slice(0, 19));
});

test('those that go one behind the other go with what comes in between', () => {
  const list = idList(...IDS);
  for (const id of ['v3', 'v4', 'v5']) dropId(list, id);
  addId(list, 'v4');
  for (const id of ['v6', 'v4', 'v7']) dropId(list, id);
  expect(idsOf(list)).toEqual([...IDS.slice(0, 3), ...IDS.slice(8)]);
});
