import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readRecordings } from '../test/conformance/recording.ts';
import { buildMatrix, type Matrix } from './build.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';

/** The matrix of this engine and these recordings, and the two files that it is shown in. */
export async function renderMatrix(): Promise<{ matrix: Matrix; markdown: string; json: string }> {
  const recordings = fileURLToPath(new URL('../test/conformance/recordings', import.meta.url));
  const folder = new URL('../docs/rules/', import.meta.url);
  const pages = (await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8'));
  const rules = (await Promise.all(pages)).join('\n');
  const matrix = buildMatrix(readRecordings(recordings));
  return { matrix, markdown: renderMarkdown(matrix, rules), json: renderJson(matrix) };
}
