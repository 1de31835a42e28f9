import { escapeHtml, renderPage } from './page.ts';

const WHAT =
  'daxplane is a control plane for fleets of DAX devices (persistent memory, CXL memory). For every remove request it ' +
  "runs the pipeline that the host's kernel would run, and reports who gets which signal, which page-table entries " +
  'survive, what blocks, and who can read whose memory afterwards. It is a model: it touches no device.';

interface Link {
  readonly href: string;
  readonly says: string;
}

/** What a visitor may want next, by the name that the JSON has for it. */
const LINKS = {
  docs: { href: '/docs', says: 'Every call, with examples to try here.' },
  assessment: {
    href: '/v1/assessment',
    says: 'What a removal of each device now would leave, and what to do before.',
  },
  kernels: { href: '/v1/kernels', says: 'Each kernel as data: its steps and facts, with their sources.' },
  errors: { href: '/errors', says: 'Every code of a problem document, and what to do about it.' },
  runbook: {
    href: '/runbook',
    says: 'Backup, growth, networks, and what each reason of /readyz asks for.',
  },
  openapi: { href: '/openapi.json', says: 'The OpenAPI 3.1 document, for generated clients.' },
  hosts: {
    href: '/v1/hosts',
    says: 'The fleet: hosts, and on each its devices, mounts, processes, mappings, pins.',
  },
  removals: { href: '/v1/removals', says: 'Removals and their reports.' },
  exposures: { href: '/v1/exposures?open=true', says: 'Who reaches pages of another owner at this moment.' },
  events: { href: '/v1/events', says: 'The journal of all that changed.' },
  readyz: { href: '/readyz', says: 'Whether the store takes changes, tried by a commit.' },
  metrics: { href: '/metrics', says: 'For Prometheus.' },
} as const satisfies Record<string, Link>;

/** The first page as a browser shows it, to whoever calls the service by `origin`. */
export function renderHome(origin: string): string {
  const links = Object.values(LINKS).map(
    ({ href, says }) =>
      `<dt><a href="${escapeHtml(href)}">${escapeHtml(href)}</a></dt><dd>${escapeHtml(says)}</dd>`,
  );
  return renderPage(
    'daxplane',
    `<h1>daxplane</h1>
<p>${escapeHtml(WHAT)}</p>
<h2>Before you pull a device</h2>
<pre>api=${escapeHtml(origin)}/v1
curl -sS "$api/assessment?verdict=exposed"                  # every device of the fleet that would expose
curl -sS "$api/hosts/node-v6.1/dax-devices/pmem0/holders"   # who holds one, and what becomes of each</pre>
<h2>Where to go</h2>
<dl>
${links.join('\n')}
</dl>`,
  );
}

/** The same for a program. */
export function describeHome(): {
  readonly name: string;
  readonly description: string;
  readonly links: object;
} {
  const links = Object.fromEntries(Object.entries(LINKS).map(([name, { href }]) => [name, href]));
  return { name: 'daxplane', description: WHAT, links };
}
