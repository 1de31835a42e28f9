import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../matrix/ask.ts';
import type { Answered, Matrix } from '../../matrix/build.ts';
import { renderMatrix } from '../../matrix/render.ts';
import { readRecordings } from '../conformance/recording.ts';
import { RULES } from '../engine/all_rules.ts';

const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('docs/matrix.md and docs/matrix.json', () => {
  let matrix: Matrix;
  let files: { readonly markdown: string; readonly json: string };
  beforeAll(async () => {
    const { matrix: built, ...rendered } = await renderMatrix();
    matrix = built;
    files = rendered;
  });

  test('are what the engine answers now: npm run matrix', async () => {
    expect(files.markdown === (await read('matrix.md'))).toBe(true);
    expect(files.json === (await read('matrix.json'))).toBe(true);
  });

  test('say nothing that a recording contradicts, and have a cell for whatever one shows', () => {
    expect(matrix.contradictions).toEqual([]);
    expect(matrix.unplaced).toEqual([]);
  });

  test('cite recordings that are there, each of the kernel of its cell', () => {
    const folder = fileURLToPath(new URL('../conformance/recordings', import.meta.url));
    const kernels = new Map(readRecordings(folder).map(({ name, kernel }) => [name, kernel]));
    const cited = allOf(matrix).flatMap(({ kernel, recordings }) => {
      return recordings.map((name) => `${name} ${kernel}`);
    });
    expect(cited.length).toBeGreaterThan(700);
    const wrong = [...new Set(cited)].filter((one) => {
      const [name = '', kernel] = one.split(' ');
      return kernels.get(name) !== kernel;
    });
    expect(wrong).toEqual([]);
  });

  test('cite rules that are acted out on the kernel of their cell', () => {
    const tested = new Set(
      RULES.flatMap(({ rule, cells }) => {
        return Object.entries(cells).flatMap(([kernel, told]) =>
          told === undefined ? [] : [`${rule} ${kernel}`],
        );
      }),
    );
    const cited = allOf(matrix).flatMap(({ kernel, rules }) => rules.map((rule) => `${rule} ${kernel}`));
    expect([...new Set(cited)].filter((one) => !tested.has(one))).toEqual([]);
  });

  test('have a rule for every answer', () => {
    expect(allOf(matrix).filter(({ rules }) => rules.length === 0)).toEqual([]);
  });

  test('hold for a surprise removal too', () => {
    const differ: string[] = [];
    for (const { cell, outcome } of sample(matrix.answers)) {
      const surprise = ask(cell, 'surprise_removal').outcome;
      const ours = [surprise.refused, surprise.state, surprise.verdict, surprise.at_rest].join();
      if (ours !== [outcome.refused, outcome.state, outcome.verdict, outcome.at_rest].join())
        differ.push(`${cell.kernel} ${cell.place.id} ${cell.mapping}: ${ours}`);
    }
    expect(differ).toEqual([]);
  });

  test('[CLEAN1] the report announces what a kill, or umount, behind it then meets, and nothing else', () => {
    const differ = matrix.and_then
      .filter(({ order }) => order === 'kill first')
      .filter(({ given, unsafe_clean_up }) => {
        const calls = given.filter(({ call }) => call === 'kill' || call === 'umount');
        return unsafe_clean_up !== calls.some(({ gives }) => /^(?:oops|hangs|not known)/.test(gives));
      });
    expect(differ).toEqual([]);
    expect(matrix.and_then.filter(({ unsafe_clean_up }) => unsafe_clean_up).length).toBeGreaterThan(100);
  });

  test('[CLEAN2] where a bind before all else is safe up to v6.12, a kill before it is not', () => {
    const bound = matrix.and_then.filter(({ order, kernel }) => order === 'bind first' && kernel !== 'v7.3');
    expect(bound.filter(({ given }) => given.some(({ gives }) => gives !== 'ok'))).toEqual([]);
    expect(bound.filter(({ unsafe_clean_up }) => unsafe_clean_up)).not.toEqual([]);
  });
});

/** Every answer with its kernel. */
function allOf({ answers, system_ram }: Matrix) {
  return [...answers.map((answer) => ({ ...answer, kernel: answer.cell.kernel })), ...system_ram];
}

/** Each place, kernel and mapping once, nothing pinned. */
function sample(answers: readonly Answered[]): Answered[] {
  return answers.filter(({ cell }) => cell.pin === 'none' && cell.kill.id === '1 default');
}
