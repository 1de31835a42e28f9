/** What is fenced as `language` under a heading of README.md, without the fences. Throws where there is no such block. */
export function fenced(readme: string, heading: string, language: string): string {
  const section = readme.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  const [, block] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(section) ?? [];
  if (block === undefined) throw new Error(`README.md has no ${language} block under ${heading}`);
  return block;
}
