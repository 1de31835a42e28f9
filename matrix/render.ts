import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readRecordings } from '../test/conformance/recording.ts';
import { buildMatrix, type Matrix } from './build.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';

/** The matrix of this engine and these recordings, and the two files that it is shown in. */
export async function renderMatrix(): Promise<{ matrix: Matrix; markdown: string; json: string }> {
  const recordings = fileURLToPath(new URL('../test/conformance/recordings', import.meta.url));
  const spec = await readFile(new URL('../SPEC.md', import.meta.url), 'utf8');
  const matrix = buildMatrix(readRecordings(recordings));
  return { matrix, markdown: renderMarkdown(matrix, spec), json: renderJson(matrix) };
}
