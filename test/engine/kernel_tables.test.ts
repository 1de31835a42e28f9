import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { rowsOf, valueOf } from '../../src/engine/kernels/column.ts';
import { PROFILES } from '../../src/engine/kernels/profiles.ts';
import type { Change } from '../../src/engine/kernels/change.ts';
import { byVersion } from '../../src/engine/kernels/presence.ts';
import { readRelease } from '../../src/engine/kernels/release.ts';
import { row, type Row } from '../../src/engine/kernels/row.ts';
import { KERNEL_FUNCTIONS } from '../../src/engine/kernels/steps/kernel_functions.ts';
import { STEP_PARAMETERS } from '../../src/engine/kernels/steps/parameters.ts';
import { FACTS } from '../../src/engine/kernels/tables.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';

const ENGINE = join(import.meta.dirname, '../../src/engine');
const ROWS = [...rowsOf(FACTS), ...rowsOf(STEP_PARAMETERS, 'steps.')];
const RELEASED = KERNEL_NAMES.filter((kernel) => PROFILES[kernel].released);
const NEIGHBOURS = RELEASED.slice(1).map((later, place) => [RELEASED[place]!, later] as const);

/** Groups whose rows are read by a key: a verb, a holder, a workload. */
const READ_BY_KEY = ['stale', 'pin_release_after_removal', 'worker_oops_at', 'cost'];

describe('the tables of the kernels', () => {
  test('a column too few does not compile', () => {
    // @ts-expect-error: six values for seven kernels
    expect(row([1, 1, 1, 1, 1, 1], '', '').values).not.toHaveLength(KERNEL_NAMES.length);
  });

  test('a row is a difference: a fact that is the same on every kernel is none', () => {
    const same = ROWS.filter(([, { values }]) =>
      values.every((value) => isDeepStrictEqual(value, values[0])),
    );
    expect(same.map(([fact]) => fact)).toEqual([]);
  });

  test('the engine reads every row', () => {
    const read = namesReadIn(ENGINE, join(ENGINE, 'kernels'));
    const unread = ROWS.filter(([fact]) => {
      const path = fact.split('.');
      return !path.some((name, place) => {
        const last = place === path.length - 1;
        return (last || READ_BY_KEY.includes(name)) && read.has(name);
      });
    });
    expect(unread.map(([fact]) => fact)).toEqual([]);
  });

  test('the releases of a row agree with its values', () => {
    expect(ROWS.flatMap(([fact, each]) => disagreements(each).map((said) => `${fact}: ${said}`))).toEqual([]);
  });

  test.each(KERNEL_NAMES)('%s shows each of its facts as a row', (kernel) => {
    const { facts, rows } = PROFILES[kernel];
    const shown = rows.filter(({ fact }) => !fact.startsWith('steps.'));
    expect(shown.map(({ fact }) => fact)).toEqual(rowsOf(FACTS).map(([fact]) => fact));
    for (const { fact, value, source } of shown) {
      expect(at(facts, fact.split('.')), fact).toEqual(value);
      expect(source).toContain(`, ${kernel} (`);
    }
  });
});

describe('the steps of the kernels', () => {
  test.each(KERNEL_NAMES)('%s has parameters of the calls in its lists, and of no other', (kernel) => {
    const called = new Set(
      Object.values(PROFILES[kernel].steps).flatMap((list) => list.map((step) => step.kernel_function)),
    );
    const told = Object.entries(STEP_PARAMETERS).filter(([, group]) =>
      rowsOf(group).some(([, each]) => valueOf(each, kernel) !== null),
    );
    const expected = Object.keys(STEP_PARAMETERS).filter((name) => called.has(`${name}()`));
    expect(told.map(([name]) => name)).toEqual(expected);
  });

  test('every kernel function stands in a list', () => {
    const lists = KERNEL_NAMES.flatMap((kernel) => Object.values(PROFILES[kernel].steps).flat());
    const called = new Set(lists.map((step) => step.kernel_function));
    expect(Object.keys(KERNEL_FUNCTIONS).filter((name) => !called.has(`${name}()`))).toEqual([]);
  });

  test('a proposed parameter names lists that the kernel has, and changes them', () => {
    for (const { steps: own, proposed } of Object.values(PROFILES)) {
      for (const { steps } of proposed) {
        for (const [kind, list] of Object.entries(steps)) expect(list).not.toEqual(at(own, [kind]));
      }
    }
  });
});

/** Neighbours of which a release says that they differ and the values do not, or the other way round. */
function disagreements(each: Row<unknown>): string[] {
  const dated = each.changed_in.filter((change) => change.release !== null || change.within !== null);
  if (dated.length < each.changed_in.length) return [];
  return NEIGHBOURS.filter(([earlier, later]) => {
    const told = dated.some((change) => has(later, change) && !has(earlier, change));
    return told === isDeepStrictEqual(valueOf(each, earlier), valueOf(each, later));
  }).map(([earlier, later]) => `${earlier} and ${later}`);
}

/** Whether a change is in the release that a profile was read from, and recorded with. */
function has(kernel: KernelName, change: Change): boolean {
  const { has: known, why } = byVersion(change, readRelease(PROFILES[kernel].baseline.split(' ').at(-1)!));
  if (known === null) throw new Error(`${kernel}: ${why}`);
  return known;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((group, name) => (group as Record<string, unknown>)[name], value);
}

/** Every name that a file of the folder takes from an object, by a dot or in a pattern. */
function namesReadIn(folder: string, without: string): ReadonlySet<string> {
  const names = new Set<string>();
  const look = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) names.add(node.name.text);
    if (ts.isBindingElement(node)) names.add((node.propertyName ?? node.name).getText());
    ts.forEachChild(node, look);
  };
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !join(folder, path).startsWith(without))
    .map((path) => join(folder, path));
  for (const path of files) {
    look(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true));
  }
  return names;
}
