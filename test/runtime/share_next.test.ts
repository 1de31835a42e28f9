import { expect, test } from 'vitest';
import { shareNext } from '../../src/runtime/share_next.ts';

/** Something that is asked, and answered by hand. */
function asked() {
  const asking: { readonly answer: (value: number) => void; readonly fail: (error: Error) => void }[] = [];
  const ask = shareNext(
    () => new Promise<number>((answer, fail) => void asking.push({ answer, fail: (error) => fail(error) })),
  );
  return { ask, asking };
}
const turns = () => new Promise((resolve) => setImmediate(resolve));

test('who comes while it is asked shares the next answer, never the one that was under way', async () => {
  const { ask, asking } = asked();
  const first = ask();
  await turns();
  const [second, third] = [ask(), ask()];
  await turns();
  expect(asking.length).toBe(1);
  asking[0]!.answer(1);
  expect(await first).toBe(1);
  await turns();
  expect(asking.length).toBe(2);
  asking[1]!.answer(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
});

test('an error is told to those who share it, and the next is asked again', async () => {
  const { ask, asking } = asked();
  const both = [ask(), ask()];
  await turns();
  const later = ask();
  asking[0]!.fail(new Error('gone'));
  for (const each of both) await expect(each).rejects.toThrow('gone');
  await turns();
  asking[1]!.answer(2);
  expect(await later).toBe(2);
});
