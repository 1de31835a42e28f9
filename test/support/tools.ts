import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Skips a test on a machine that lacks what it runs, and says what: commands by their names, files by their paths. Where
 * `CI` is set, as .ci/run does, the test fails there instead.
 */
export function requireTools(
  tools: readonly string[],
  skip: (note: string) => void,
  { CI, PATH = '' }: NodeJS.ProcessEnv = process.env,
): void {
  const isThere = (tool: string): boolean =>
    tool.startsWith('/')
      ? existsSync(tool)
      : PATH.split(delimiter).some((folder) => existsSync(join(folder, tool)));
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) return;
  const note = `not on this machine: ${missing.join(', ')}`;
  if (CI !== undefined && CI !== '') throw new Error(note);
  console.log(`skipped, ${note}`);
  skip(note);
}
