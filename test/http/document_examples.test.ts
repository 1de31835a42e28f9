import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { operationsOf, type Document, type DocumentedOperation } from '../support/document.ts';
import { judgeBy } from '../support/judge.ts';

const JSON_TYPE = 'application/json';

/** A body of an operation in JSON, and where it stands. */
interface Body {
  readonly place: readonly string[];
  readonly media: Media;
}

interface Media {
  readonly schema?: { readonly $ref?: string; readonly example?: unknown };
  readonly example?: unknown;
}

/** What an operation takes, and what it answers where that was done. */
function bodiesOf({ requestBody, responses }: DocumentedOperation, at: readonly string[]): Body[] {
  const asked = [['requestBody', requestBody] as const];
  const told = Object.entries(responses).filter(([status]) => Number(status) < 300);
  const bodies: (readonly [readonly string[], unknown])[] = [
    ...asked.map(([name, body]) => [[name], body] as const),
    ...told.map(([status, answer]) => [['responses', status], answer] as const),
  ];
  return bodies.flatMap(([where, body]) => {
    const media = (body as { readonly content?: Record<string, Media> } | undefined)?.content?.[JSON_TYPE];
    return media === undefined ? [] : [{ place: [...at, ...where, 'content', JSON_TYPE], media }];
  });
}

describe.each(['daxplane.json', 'daxplane-3.0.json'])('openapi/%s', (name) => {
  const document = JSON.parse(
    readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8'),
  ) as Document & { readonly openapi: string };
  const judge = judgeBy(document);
  const exampleOf = ({ schema, example }: Media): unknown =>
    example ?? schema?.example ?? document.components.schemas[schema?.$ref?.split('/').at(-1) ?? '']?.example;
  const bodies = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      bodiesOf(operation, ['paths', path, method]).map((body) => [operation.operationId, body] as const),
    ),
  );

  test('there are bodies of most operations', () => {
    expect(bodies.length).toBeGreaterThan(operationsOf(document).length);
  });

  test.each(bodies)('%s shows what it takes and answers, as it says itself', (_id, { place, media }) => {
    const example = exampleOf(media);
    expect([place, example === undefined, judge([...place, 'schema'], example)]).toEqual([place, false, []]);
  });

  test('every answer is shown by one that a service gave', () => {
    const told = bodies.filter(([, { place }]) => place.includes('responses'));
    expect(told.filter(([, { media }]) => media.example === undefined).map(([id]) => id)).toEqual([]);
  });
});
