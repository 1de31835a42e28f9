import { afterAll, beforeAll, expect, test } from 'vitest';
import { REFUSAL_CODES } from '../../src/engine/model/refusal_codes.ts';
import { HTTP_PROBLEMS } from '../../src/http/problem.ts';
import { serve } from '../support/server.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

const server = serve(beforeAll, afterAll);

const get = (path: string, headers: Record<string, string> = {}) =>
  server.call('GET', path, undefined, headers);

test('/ says what this is, and every link of it leads somewhere', async () => {
  const page = await get('/', BROWSER);
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.text).toContain('control plane for fleets of DAX devices');
  expect((await get('/', { ...BROWSER, host: 'localhost:8191' })).text).toContain(
    'api=http://localhost:8191/v1',
  );
  const hrefs = [...page.text.matchAll(/<a href="([^"]+)"/g)].map(([, href]) =>
    href!.replaceAll('&amp;', '&'),
  );
  expect(hrefs).toEqual(expect.arrayContaining(['/docs', '/v1/assessment', '/v1/kernels', '/errors']));
  for (const href of hrefs) {
    const { status, headers } = await get(href, BROWSER);
    const found = status === 302 ? await get(String(headers['location']), BROWSER) : { status };
    expect([href, found.status]).toEqual([href, 200]);
  }
});

test('/ answers a program with the same links as JSON', async () => {
  const { status, json } = await get('/', { accept: '*/*' });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    name: 'daxplane',
    links: { docs: '/docs', errors: '/errors', kernels: '/v1/kernels' },
  });
});

test('the pages run no script and fetch nothing', async () => {
  for (const path of ['/', '/errors', '/runbook', '/matrix', '/story']) {
    const { text } = await get(path, BROWSER);
    expect(text).not.toMatch(
      /<script|<link(?! rel="icon" href="data:,">)|<img|(?:src|href)="(?:\w+:)?\/\/|url\(|\son\w+=/,
    );
  }
});

test("a problem's type leads to its row of the served page", async () => {
  const { json } = await get('/v1/hosts/nobody');
  const { code } = json;
  const type = String(json['type']);
  expect(type).toBe(`/errors#${code}`);
  const page = await get(type.split('#')[0]!, BROWSER);
  expect(page.text).toContain(`<tr id="${code}">`);
});

test('every code has its anchor on /errors, once', async () => {
  const { text } = await get('/errors', BROWSER);
  const anchors = [...text.matchAll(/<tr id="(\w+)">/g)].map(([, id]) => id!);
  expect(anchors.toSorted()).toEqual(
    [...Object.keys(REFUSAL_CODES), ...Object.keys(HTTP_PROBLEMS)].toSorted(),
  );
});

test('curl gets a page of docs/ as it is written', async () => {
  for (const path of ['/errors', '/runbook']) {
    const { headers, text } = await get(path, { accept: '*/*' });
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(text).toMatch(/^# /);
  }
});

test('every link of a page of docs/ leads somewhere, and to a place that is there', async () => {
  for (const path of ['/errors', '/runbook', '/matrix', '/story']) {
    const { text } = await get(path, BROWSER);
    const hrefs = new Set([...text.matchAll(/ href="([^"]+)"/g)].map(([, href]) => href!));
    hrefs.delete('data:,');
    expect(hrefs.size, path).toBeGreaterThan(0);
    for (const href of hrefs) {
      const { pathname, hash } = new URL(href, `http://localhost${path}`);
      const page = await get(pathname, BROWSER);
      expect([path, href, page.status]).toEqual([path, href, 200]);
      if (hash !== '')
        expect([path, href, page.text.includes(` id="${hash.slice(1)}"`)]).toEqual([path, href, true]);
    }
  }
  for (const path of ['/alerts.yml', '/grafana/daxplane.json'])
    expect((await get('/runbook', BROWSER)).text).toContain(`<a href="${path}">`);
});
