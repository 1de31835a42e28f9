/** Text as it may stand in HTML, between tags and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const STYLE = `
  :root { color-scheme: light dark; --ink: light-dark(#1c2733, #dfe6ee); --quiet: light-dark(#5b6978, #93a1b0);
    --line: light-dark(#dde3ea, #2c3845); --panel: light-dark(#f5f7fa, #1a222c); --link: light-dark(#0b5cad, #7db8f5); }
  body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; font: 16px/1.55 system-ui, sans-serif;
    color: var(--ink); background: light-dark(#fff, #12181f); }
  h1 { font-size: 1.7rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
  a { color: var(--link); } p { max-width: 46rem; } nav { margin-bottom: 1.5rem; color: var(--quiet); }
  code, pre { font: .875em/1.5 ui-monospace, monospace; }
  pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; }
  .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; min-width: 40rem; }
  th, td { text-align: left; vertical-align: top; padding: .45rem .7rem .45rem 0; border-bottom: 1px solid var(--line); }
  tr:target { background: light-dark(#fff3c4, #4a3d10); } td:first-child { white-space: nowrap; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .55rem 1.5rem; } dd { margin: 0; color: var(--quiet); }
  @media (max-width: 36rem) { dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .7rem; } }`;

/** A whole page of this service. `main` is HTML; the title is text. It runs no script. */
export function renderPage(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}
</style>
</head>
<body>
${main}
</body>
</html>
`;
}
