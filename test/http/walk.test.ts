import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { judgeBy } from '../support/judge.ts';
import { walk } from './walk/story.ts';
import { OPERATIONS, statusesOf, type Step } from './walk/walker.ts';

const JSON_TYPE = 'application/json';

let steps: readonly Step[];
beforeAll(async () => {
  steps = await walk();
});

test('every operation is exercised, for every answer that it documents as done, and gives no other', () => {
  const answered = new Set(steps.map(({ operation, status }) => `${operation} ${String(status)}`));
  const documented = [...OPERATIONS.values()].flatMap((operation) =>
    statusesOf(operation).map((status) => `${operation.operationId} ${String(status)}`),
  );
  expect([...answered].sort()).toEqual(documented.sort());
});

describe.each(['daxplane.json', 'daxplane-3.0.json'])('by the schemas of %s', (name) => {
  const document = JSON.parse(readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8')) as {
    readonly openapi: string;
  };
  const judge = judgeBy(document);

  test.each([...OPERATIONS.keys()])('%s takes what it was sent, and answers what is written there', (id) => {
    const { path, method, requestBody } = OPERATIONS.get(id)!;
    const own = steps.filter(({ operation }) => operation === id);
    const wrong = own.flatMap(({ sent, status, body }) => {
      const at = ['paths', path, method];
      const content = ['content', JSON_TYPE, 'schema'];
      const asked =
        requestBody === undefined || sent === undefined ? [] : [[...at, 'requestBody', ...content]];
      const told = body === undefined ? [] : [[...at, 'responses', String(status), ...content]];
      return [
        ...asked.flatMap((place) => judge(place, sent)),
        ...told.flatMap((place) => judge(place, body)),
      ];
    });
    expect([own.length > 0, wrong]).toEqual([true, []]);
  });

  test('what is not written there is not taken for it', () => {
    const place = ['paths', '/v1/hosts', 'post', 'responses', '201', 'content', JSON_TYPE, 'schema'];
    const { body } = steps.find(({ operation }) => operation === 'createHost')!;
    expect(judge(place, body)).toEqual([]);
    for (const more of [{ colour: 'red' }, { revision: '1' }, { name: undefined }, { uid: 'no uuid' }])
      expect(judge(place, JSON.parse(JSON.stringify({ ...(body as object), ...more })))).not.toEqual([]);
  });
});
