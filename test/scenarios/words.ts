import type { TestBody } from '../support/server.ts';
import type { Request } from './stage.ts';

export const HOST = '/v1/hosts/$host';

interface Signal {
  readonly pid: number;
  readonly si_code: string;
  readonly si_addr_lsb: number | null;
}

/** What a reader looks for in a removal. */
export function removalWords(body: TestBody): unknown {
  const { report } = body as unknown as { report: { signals: readonly Signal[] } };
  const signals = report.signals.map(({ pid, si_code, si_addr_lsb }) => {
    return `${String(pid)} ${si_code}${si_addr_lsb === null ? '' : ` lsb ${String(si_addr_lsb)}`}`;
  });
  const waiting_on = (
    body.waiting_on as unknown as readonly { kind: string; pid: number; holder: string }[]
  ).map(({ kind, pid, holder }) => `${kind} of ${String(pid)} (${holder})`);
  return {
    state: body['state'],
    verdict: body['verdict'],
    ...(waiting_on.length === 0 ? {} : { waiting_on }),
    signals,
  };
}

/** What a process got when it touched. */
export function accessWords(body: TestBody): unknown {
  const { result, stale, signal, si_code, data_of, kernel_oopses } = body as unknown as Record<
    string,
    unknown
  >;
  const tenant = (data_of as { tenant: string | null } | null)?.tenant;
  const oopses = (kernel_oopses as readonly { at: string }[]).map(({ at }) => at);
  return {
    result,
    ...(stale === true ? { stale } : {}),
    ...(tenant === undefined ? {} : { data_of: tenant }),
    ...(signal === null ? {} : { signal, si_code }),
    ...(oopses.length === 0 ? {} : { kernel_oopses: oopses }),
  };
}

export function exposureWords(body: TestBody): unknown {
  return body.items.map((own) => {
    const { pid, tenant, to_tenant, pages, writable_pages } = own as unknown as Record<string, unknown>;
    return `${String(pid)} of ${String(tenant)} onto ${String(to_tenant)}: ${String(pages)} pages, ${String(writable_pages)} writable`;
  });
}

export function access(mapping: string, kind: 'read' | 'write', keep?: string): Request {
  const body = { kind, offset: 0, length: 64 };
  const request = {
    method: 'POST',
    path: `${HOST}/mappings/${mapping}/access`,
    body,
    show: accessWords,
  } as const;
  return keep === undefined ? request : { ...request, keep };
}
