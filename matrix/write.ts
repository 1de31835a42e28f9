import { writeFile } from 'node:fs/promises';
import { renderMatrix } from './render.ts';

/** `npm run matrix`: writes docs/matrix.md and docs/matrix.json. */
const { markdown, json } = await renderMatrix();
await writeFile(new URL('../docs/matrix.md', import.meta.url), markdown);
await writeFile(new URL('../docs/matrix.json', import.meta.url), json);
