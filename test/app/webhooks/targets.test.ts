import { describe, expect, test } from 'vitest';
import {
  allowTargets,
  lookupFor,
  refusesUrl,
  TargetRefused,
  type Resolve,
} from '../../../src/app/webhooks/targets.ts';

const NONE = allowTargets([]);
/** As long as a name can be. */
const LONGEST = `${'abc.'.repeat(62)}a.net`;

/** Each way to say an address that is not public. */
const REFUSED = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '127.0.0.1.',
  '0.0.0.0',
  '0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::a00:1]',
  '[2002:7f00:1::1]',
  '[2001::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00::1]',
  '[ff02::1]',
  '[4000::1]',
  '[2001:db8::1]',
  'localhost',
  'LOCALHOST.',
  'any.localhost',
  '１２７.0.0.1',
  '127。0。0。1',
];

describe('the target of a webhook', () => {
  test.each(REFUSED)('is never %s', (host) => {
    expect(refusesUrl(NONE, `http://${host}:8080/in`)).toMatch(/no public address/);
  });

  test.each([
    '8.8.8.8',
    '134744072',
    '[2606:4700::1111]',
    '[::ffff:8.8.8.8]',
    'hooks.example',
    'hooks.example.',
    'localhost.example',
    'a_b.0-1.hooks',
    'ä.example',
    `${'a'.repeat(63)}.example`,
    LONGEST,
  ])('may be %s', (host) => {
    expect(refusesUrl(NONE, `https://${host}/in`)).toBeNull();
  });

  test.each([
    ['ftp://8.8.8.8/', 'expected http or https'],
    ['file:///etc/passwd', 'expected http or https'],
    ['https://user@hooks.example/', 'takes no user and no password'],
    ['https://:secret@hooks.example/', 'takes no user and no password'],
    ['https://@hooks.example/', 'takes no user and no password'],
    ['https:\\\\:@hooks.example/', 'takes no user and no password'],
    ['https:@hooks.example/', 'takes no user and no password'],
    ['/in', 'expected an absolute URL'],
    ['http://', 'expected an absolute URL'],
    ['http://1.2.3.4.5.6/', 'expected an absolute URL'],
  ])('is not %s', (url, why) => {
    expect(refusesUrl(NONE, url)).toBe(why);
  });

  test.each([
    'a..example',
    '.example',
    'hooks.example..',
    `${'a'.repeat(64)}.example`,
    `a${LONGEST}`,
    'a*b.example',
    "it's.example",
    'hooks.-',
  ])('is never %s, for DNS has no such name', (host) => {
    expect(refusesUrl(NONE, `https://${host}/in`)).toMatch(/^expected a host name/);
    expect(() => allowTargets([host])).toThrow(/neither a name/);
  });

  test('has an @ in its path and its query as it likes', () => {
    expect(refusesUrl(NONE, 'https://hooks.example/@me?to=a@b#@')).toBeNull();
    expect(refusesUrl(NONE, 'https://hooks.example?to=a@b')).toBeNull();
  });

  test('may be what is allowed by a CIDR, an address or a name', () => {
    const targets = allowTargets(['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8', 'Hooks.Internal.']);
    for (const host of ['10.9.9.9', '127.0.0.1', '[::ffff:127.0.0.1]', '[::1]', '[fd12::1]', 'localhost'])
      expect([host, refusesUrl(targets, `http://${host}/`)]).toEqual([host, null]);
    for (const host of ['127.0.0.2', '192.168.0.1', '[fc00::1]'])
      expect([host, refusesUrl(targets, `http://${host}/`)]).toEqual([
        host,
        expect.stringMatching(/no public/),
      ]);
    expect(targets.refuses('hooks.internal', '192.168.0.1')).toBeNull();
    expect(targets.refuses('other.internal', '192.168.0.1')).toMatch(/no public/);
  });

  test.each(['http://hooks', '10.0.0.0/33', 'a b', '', '10.0.0.', '127.1', 'fe80::1%eth0', '*'])(
    'is not allowed by %j',
    (entry) => {
      expect(() => allowTargets([entry])).toThrow(/neither a name/);
    },
  );
});

describe('what a name resolves to', () => {
  const lookUp = (addresses: readonly string[], all: boolean, allowed: readonly string[] = []) =>
    new Promise<readonly unknown[]>((settle) => {
      const resolve: Resolve = (_name, _options, callback) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      lookupFor(allowTargets(allowed), resolve)('hooks.example', { all }, (...told) => settle(told));
    });

  test('[HOOK9] is what is connected to, without the addresses that are not allowed', async () => {
    expect(await lookUp(['127.0.0.1', '8.8.8.8'], true)).toEqual([null, [{ address: '8.8.8.8', family: 4 }]]);
    expect(await lookUp(['::1', '8.8.8.8'], false)).toEqual([null, '8.8.8.8', 4]);
  });

  test('is refused where none is left, whatever it was when it was looked at before', async () => {
    for (const address of ['127.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'no address']) {
      const [error] = await lookUp([address], true);
      expect([address, error]).toEqual([address, expect.any(TargetRefused)]);
    }
    expect((await lookUp(['10.0.0.1'], false, ['hooks.example']))[1]).toBe('10.0.0.1');
  });

  test('is nothing where the resolver fails', async () => {
    const failing: Resolve = (_name, _options, callback) => callback(new Error('ENOTFOUND'), []);
    const told = await new Promise((settle) => {
      lookupFor(NONE, failing)('hooks.example', { all: true }, (error) => settle(error));
    });
    expect(told).toMatchObject({ message: 'ENOTFOUND' });
  });
});
