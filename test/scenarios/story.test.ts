import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tellStory } from './story.ts';

test('docs/story.md is what the service answers now: npm run story', async () => {
  const story = await readFile(new URL('../../docs/story.md', import.meta.url), 'utf8');
  expect((await tellStory()).split('\n')).toEqual(story.split('\n'));
});
