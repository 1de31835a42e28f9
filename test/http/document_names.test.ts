import { describe, expect, test } from 'vitest';
import { PLACES, TEXTS } from '../../src/http/document/places.ts';
import { WORDS } from '../../src/http/document/words.ts';
import {
  bodiesOf,
  DOCUMENT,
  operationsOf,
  resolved,
  schemasOf,
  type FoundSchema,
} from '../support/document.ts';

const SCHEMAS = schemasOf(DOCUMENT);
const COMPONENTS = new Set(Object.keys(DOCUMENT.components.schemas));
const namesOf = (found: readonly FoundSchema[]): string[] => found.map(({ at }) => at);

describe('what generators else make an anonymous type of has a name', () => {
  test('every enumeration: give its schema .meta({ id }), or its words a name in src/http/document/words.ts', () => {
    const anonymous = SCHEMAS.filter(({ schema, isComponent }) => schema.enum !== undefined && !isComponent);
    expect(namesOf(anonymous)).toEqual([]);
  });

  test('every union: give its schema .meta({ id }), or its place a name in src/http/document/places.ts', () => {
    const anonymous = SCHEMAS.filter(
      ({ schema, isComponent }) => (schema.anyOf ?? schema.oneOf) !== undefined && !isComponent,
    ).filter(({ schema }) => !isChoiceOfMembers(schema.oneOf));
    expect(namesOf(anonymous)).toEqual([]);
  });

  test('every object that may be null', () => {
    const anonymous = SCHEMAS.filter(({ schema }) => schema.type?.includes('null') === true).filter(
      ({ schema }) => schema.type?.includes('object') === true,
    );
    expect(namesOf(anonymous)).toEqual([]);
  });

  test('every body and every answer that is JSON: give its schema .meta({ id })', () => {
    const anonymous = operationsOf(DOCUMENT).filter((operation) =>
      bodiesOf(operation).some(
        ({ 'application/json': json }) => json !== undefined && json.schema?.$ref === undefined,
      ),
    );
    expect(anonymous.map(({ operationId }) => operationId)).toEqual([]);
  });

  test('a list has an envelope that is named for its items', () => {
    const lists = SCHEMAS.filter(({ schema }) => schema.properties?.['next_page'] !== undefined);
    expect(lists.length).toBeGreaterThan(15);
    for (const { at, schema } of lists)
      expect(at).toBe(`${resolvedName(schema.properties?.['items']?.items?.$ref)}Page`);
  });
});

test('a union whose members have a tag says which it is, and what of it is which member', () => {
  const untold = SCHEMAS.filter(({ schema }) => {
    const members = (schema.anyOf ?? schema.oneOf ?? []).map(resolved);
    const names = Object.keys(members[0]?.properties ?? {});
    const isTag = (name: string): boolean =>
      members.length > 1 &&
      members.every((member) => resolved(member.properties?.[name] ?? {}).const !== undefined);
    return names.some(isTag) && schema.discriminator === undefined;
  });
  expect(namesOf(untold)).toEqual([]);
});

test('a discriminator maps every member of its union', () => {
  for (const { at, schema } of SCHEMAS) {
    if (schema.discriminator === undefined) continue;
    const members = (schema.oneOf ?? schema.anyOf ?? []).map(({ $ref }) => $ref);
    expect([at, Object.values(schema.discriminator.mapping).sort()]).toEqual([at, members.sort()]);
  }
});

test('a component has its name as its title, for generators that look no reference up', () => {
  for (const { at, schema, isComponent } of SCHEMAS)
    expect([at, schema.title]).toEqual([at, isComponent ? at : undefined]);
});

test('no name is left that nothing has', () => {
  const told = [...Object.keys(WORDS), ...Object.values(PLACES), ...TEXTS.map(({ name }) => name)];
  expect(told.filter((name) => !COMPONENTS.has(name) && !COMPONENTS.has(`Nullable${name}`))).toEqual([]);
});

test('no schema has a pattern that some engine does not know', () => {
  const patterns = SCHEMAS.flatMap(({ schema }) => schema.pattern ?? []);
  expect(patterns.length).toBeGreaterThan(5);
  // A look ahead or behind is no regular expression to the engine of Go; an escaped NUL is another character to some;
  // an escaped slash is escaped once more by a generator that writes it between slashes, and ends the expression.
  expect(patterns.filter((pattern) => /\(\?[=!<]|\\0|\\u|\\[pPbB/]/.test(pattern))).toEqual([]);
});

function isChoiceOfMembers(choices: readonly object[] | undefined): boolean {
  return choices?.every((choice) => Object.keys(choice).join() === 'required') === true;
}

function resolvedName($ref: string | undefined): string {
  return $ref?.split('/').at(-1) ?? 'nothing';
}
