import { expect, test } from 'vitest';
import { COMPONENTS, GLOSSARY } from '../../src/http/document/glossary.ts';
import { DOCUMENT, operationsOf, resolved, schemasOf } from '../support/document.ts';

const SCHEMAS = schemasOf(DOCUMENT);

test('every component is described: .meta({ description }) of its schema, or src/http/document/glossary.ts', () => {
  const untold = SCHEMAS.filter(({ schema, isComponent }) => isComponent && schema.description === undefined);
  expect(untold.map(({ at }) => at)).toEqual([]);
});

test('every property is described: .meta({ description }) of its schema, or src/http/document/glossary.ts', () => {
  const untold = SCHEMAS.flatMap(({ at, schema }) =>
    Object.entries(schema.properties ?? {})
      .filter(([, property]) => (property.description ?? resolved(property).description) === undefined)
      .map(([name]) => `${at}.${name}`),
  );
  expect(untold).toEqual([]);
});

test('every parameter is described, and every operation in more words than its name', () => {
  const untold = operationsOf(DOCUMENT).flatMap(({ operationId, parameters = [] }) =>
    parameters
      .filter(({ description }) => description === undefined)
      .map(({ name }) => `${operationId}.${name}`),
  );
  expect(untold).toEqual([]);
});

test('no word of the glossary is left that nothing has', () => {
  const properties = new Set(SCHEMAS.flatMap(({ schema }) => Object.keys(schema.properties ?? {})));
  const parameters = operationsOf(DOCUMENT).flatMap((operation) => operation.parameters ?? []);
  const used = new Set([...properties, ...parameters.map(({ name }) => name)]);
  expect(Object.keys(GLOSSARY).filter((word) => !used.has(word.split('.').at(-1) ?? ''))).toEqual([]);
  expect(Object.keys(COMPONENTS).filter((name) => !(name in DOCUMENT.components.schemas))).toEqual([]);
});
