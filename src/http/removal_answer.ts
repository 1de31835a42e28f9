import type { FastifyInstance, FastifyReply } from 'fastify';
import { begunBy, withBegun } from '../engine/removal/begun.ts';
import type { RemovalRecord, SignalRow } from '../engine/removal/record.ts';
import type { Backend, Reply } from './backend.ts';
import { untilClosing } from './closing.ts';
import type { Settle } from './mutate.ts';
import { waitOf } from './prefer.ts';
import { rest } from './work.ts';

const REPORT_ROWS_MAX = 100;

/**
 * `Prefer: wait=N` of a command that begins removals: waits until each has ended, or the time is up, or the server
 * closes. A dry run has them at rest already.
 */
export function preferredWait(app: FastifyInstance, backend: Backend): Settle {
  const race = untilClosing(app);
  return async (request, reply, { dry_run }, begun) => {
    const seconds = waitOf(request.headers.prefer);
    if (seconds === null) return begun;
    reply.header('preference-applied', `wait=${String(seconds)}`);
    if (dry_run === true) return begun;
    rest(request);
    const waits = begunBy(begun).map(({ uid }) => race(backend.waitForRemoval(uid, seconds * 1000)));
    const ended = new Map((await Promise.all(waits)).map((removal) => [removal?.uid, removal]));
    return cxlNow(
      backend,
      withBegun(begun, (removal) => ended.get(removal.uid) ?? removal),
    );
  };
}

/** The memdev and the regions that stand beside the removals change with them. */
async function cxlNow(backend: Backend, reply: Reply): Promise<Reply> {
  if (reply.cxl === undefined) return reply;
  const { cxl_memdev, cxl_regions } = reply.cxl;
  const { host, name } = cxl_memdev;
  const regions = cxl_regions.map(
    async (region) => (await backend.get('cxl_regions', host, region.name)) ?? region,
  );
  return {
    cxl: {
      ...reply.cxl,
      cxl_memdev: (await backend.get('cxl_memdevs', host, name)) ?? cxl_memdev,
      cxl_regions: await Promise.all(regions),
    },
  };
}

/** 200 for removals that ended while the client waited, or in a dry run, or where there is none; else 202. */
export function statusOf(reply: FastifyReply, removals: readonly RemovalRecord[]): 200 | 202 {
  const ended = isAtRest(reply) && removals.every(hasEnded);
  return ended || removals.length === 0 ? 200 : 202;
}

/** Whether the answer has its removals at rest: the client waited for them, or they are imagined (WI3). */
export function isAtRest(reply: FastifyReply): boolean {
  return reply.hasHeader('preference-applied') || reply.hasHeader('dry-run');
}

function hasEnded({ state }: RemovalRecord): boolean {
  return state === 'completed' || state === 'stuck';
}

/** The shortest that a signal can be told. */
const SIGNAL_TEXT_MIN = JSON.stringify({
  pid: 1,
  comm: '',
  signal: 'SIGBUS',
  si_code: 'SI_KERNEL',
  si_addr: '0x0',
  si_addr_lsb: 0,
  count: 1,
  delivery: 'on-access',
  killed: true,
} satisfies SignalRow).length;

/** cut() of a stored text. One too short to hold more than 100 signals goes as it is, unread. */
export function cutText(text: string): string {
  if (text.length < REPORT_ROWS_MAX * SIGNAL_TEXT_MIN) return text;
  return JSON.stringify(cut(JSON.parse(text) as RemovalRecord));
}

/** The first 100 signals: all of them are at …/signals. */
export function cut(removal: RemovalRecord): RemovalRecord {
  const { signals } = removal.report;
  if (signals.length <= REPORT_ROWS_MAX) return removal;
  return { ...removal, report: { ...removal.report, signals: signals.slice(0, REPORT_ROWS_MAX) } };
}
