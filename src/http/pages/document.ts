import { readFile } from 'node:fs/promises';
import { Marked } from 'marked';
import { renderPage } from './page.ts';

/** A page of docs/: as it is written, and as a browser shows it. */
export interface Document {
  readonly markdown: string;
  readonly html: string;
}

/** Reads `docs/NAME.md`. Throws where it is not there: it comes with the package. */
export async function loadDocument(name: string): Promise<Document> {
  const markdown = await readFile(new URL(`../../../docs/${name}.md`, import.meta.url), 'utf8');
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? name;
  const main = `<nav><a href="/">daxplane</a></nav>\n${anchored(await new Marked().parse(markdown))}`;
  return { markdown, html: renderPage(`${title} · daxplane`, main) };
}

/** A heading is found by its words, a row of a table by the code or word it begins with; one page links another; wide tables scroll. */
function anchored(html: string): string {
  return html
    .replace(/<(h[23])>(.+)<\/\1>/g, (_all, tag: string, words: string) => {
      const id = words
        .replace(/<[^>]+>/g, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-');
      return `<${tag} id="${id}">${words}</${tag}>`;
    })
    .replace(/<tr>\s*<td><code>([\w.-]+)<\/code>/g, '<tr id="$1">\n<td><code>$1</code>')
    .replace(/href="(errors|runbook)\.md/g, 'href="/$1')
    .replaceAll('<table>', '<div class="wide"><table>')
    .replaceAll('</table>', '</table></div>');
}
