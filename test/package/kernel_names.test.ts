import { ESLint, Linter } from 'eslint';
import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';

const RULE = 'no-restricted-syntax';
const eslint = new ESLint();

/** What the rule says of a line in a file, with the configuration that the file has. */
async function said(path: string, line: string): Promise<string[]> {
  const config = (await eslint.calculateConfigForFile(path)) as Linter.Config;
  const rule = config.rules?.[RULE];
  expect(rule).toBeDefined();
  return new Linter().verify(line, [{ rules: { [RULE]: rule! } }]).map(({ message }) => message);
}

describe("a kernel's name is no literal", () => {
  const inside = ['src/engine/removal/advance.ts', 'src/engine/questions/compare.ts'];
  const outside = [
    'src/http/schemas/host.ts',
    'src/app/executor.ts',
    'src/inventory/shown.ts',
    'matrix/ask.ts',
  ];

  test.each([...inside, ...outside])('in %s', async (path) => {
    for (const kernel of KERNEL_NAMES) {
      expect(await said(path, `if (host.kernel === '${kernel}') stop();`), kernel).toHaveLength(1);
      expect(await said(path, `const of = { '${kernel}': 1 };`), kernel).toHaveLength(1);
      expect(await said(path, `const kernel = \`${kernel}\`;`), kernel).toHaveLength(1);
    }
  });

  test('but where kernels are told', async () => {
    const told = ['src/engine/kernels/profiles.ts', 'src/engine/model/vocabulary.ts', 'src/app/demo.ts'];
    for (const path of told) expect(await said(path, "const kernel = 'v6.12';"), path).toEqual([]);
  });

  test('and other words stay free', async () => {
    const line = "const words = ['v1', 'node-v6.12', 'force', 'MF_MEM_PRE_REMOVE'];";
    expect(await said('src/engine/removal/advance.ts', line)).toEqual([]);
  });
});
