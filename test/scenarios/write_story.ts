import { writeFile } from 'node:fs/promises';
import { tellStory } from './story.ts';

/** `npm run story`: writes docs/story.md. */
await writeFile(new URL('../../docs/story.md', import.meta.url), await tellStory());
