import { readFile } from 'node:fs/promises';
import { Marked } from 'marked';
import { renderPage } from './page.ts';

/** The pages of docs/ that the service has, each at `/NAME`. */
export const PAGES = ['errors', 'runbook', 'matrix', 'story'] as const;
/** What else of docs/ the service has, each at its path, as it is. */
export const DOWNLOADS = ['alerts.yml', 'grafana/daxplane.json'] as const;

/** A page of docs/: as it is written, and as a browser shows it. */
export interface Document {
  readonly markdown: string;
  readonly html: string;
}

/** Where that which the pages of docs/ lead to is served, by its path there. */
const SERVED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(PAGES.map((name) => [`${name}.md`, `/${name}`])),
  ...Object.fromEntries(DOWNLOADS.map((path) => [path, `/${path}`])),
};

/** Reads `docs/NAME.md`. Throws where it is not there: it comes with the package. */
export async function loadDocument(name: (typeof PAGES)[number]): Promise<Document> {
  const markdown = await readFile(new URL(`../../../docs/${name}.md`, import.meta.url), 'utf8');
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? name;
  const main = `<nav><a href="/">daxplane</a></nav>\n${anchored(await new Marked().parse(markdown))}`;
  return { markdown, html: renderPage(`${title} · daxplane`, main) };
}

/** Reads a file of docs/ as it is. Throws where it is not there: it comes with the package. */
export async function loadDownload(path: (typeof DOWNLOADS)[number]): Promise<string> {
  return readFile(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');
}

/** A heading is found by its words, a row of a table by the code or word it begins with; one page links another, and what the service has not is no link; wide tables scroll. */
function anchored(html: string): string {
  const ids = new Set<string>();
  return html
    .replace(/<(h[23])>(.+)<\/\1>/g, (_all, tag: string, words: string) => {
      const id = words
        .replace(/<[^>]+>/g, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-');
      return `<${tag} id="${id}">${words}</${tag}>`;
    })
    .replace(/<tr>\s*<td><code>([\w.-]+)<\/code>/g, (all, id: string) => {
      if (ids.has(id)) return all;
      ids.add(id);
      return `<tr id="${id}">\n<td><code>${id}</code>`;
    })
    .replace(/<a href="([^"#:]+)(#[^"]*)?">(.+?)<\/a>/g, (_all, path: string, place = '', words: string) => {
      const served = SERVED[path];
      return served === undefined ? words : `<a href="${served}${place}">${words}</a>`;
    })
    .replaceAll('<table>', '<div class="wide"><table>')
    .replaceAll('</table>', '</table></div>');
}
