import { expect, test } from 'vitest';
import { COMPONENTS } from '../../src/http/document/components.ts';
import { GLOSSARY } from '../../src/http/document/glossary.ts';
import {
  DOCUMENT,
  type DocumentedOperation,
  operationsOf,
  resolved,
  schemasOf,
} from '../support/document.ts';

const SCHEMAS = schemasOf(DOCUMENT);

test('every component is described: .meta({ description }) of its schema, or src/http/document/components.ts', () => {
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

test('every mutation takes what the description says, and If-Match whatever changes a record that is there', () => {
  const names = ({ parameters = [] }: DocumentedOperation): string[] => parameters.map(({ name }) => name);
  for (const [path, methods] of Object.entries(DOCUMENT.paths))
    for (const [method, operation] of Object.entries(methods).filter(
      ([of]) => of !== 'get' && of !== 'head',
    )) {
      const taken = names(operation);
      expect(taken, path).toEqual(expect.arrayContaining(['Idempotency-Key', 'dry_run']));
      expect(method === 'post' || taken.includes('If-Match'), path).toBe(true);
    }
});

test('no word of the glossary is left that describes nothing', () => {
  const properties = SCHEMAS.flatMap(({ schema }) => Object.entries(schema.properties ?? {}));
  const parameters = operationsOf(DOCUMENT).flatMap((operation) => operation.parameters ?? []);
  const told = new Set([
    ...properties.map(([name, { description }]) => `${name}: ${String(description)}`),
    ...parameters.map(({ name, description }) => `${name}: ${String(description)}`),
  ]);
  const isUsed = ([word, text]: [string, string]): boolean => {
    const name = word.split('.').at(-1)!;
    return told.has(`${name}: ${text}`) || told.has(`${name}: Only with this \`${name}\`. ${text}`);
  };
  expect(Object.entries(GLOSSARY).filter((entry) => !isUsed(entry))).toEqual([]);
  expect(Object.keys(COMPONENTS).filter((name) => !(name in DOCUMENT.components.schemas))).toEqual([]);
});
