import type { RemoveDaxDevice } from '../model/device_command.ts';
import { orRefused } from '../kernels/not_resolved.ts';
import { agree } from '../model/agree.ts';
import { dependOn } from '../model/depends_on.ts';
import type { DaxDevice } from '../model/host.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { dangersOf } from '../removal/hazards.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import { aftermathOf, type Aftermath } from './aftermath.ts';
import { noRemoval } from './compare.ts';
import { consequenceOf, type Use } from './consequence.ts';
import { runWithImpact } from './impact.ts';
import { inCommon } from './in_common.ts';
import type { Holder, Survey } from './record.ts';
import { hasBegun, standingOf } from './standing.ts';
import { whatIf } from './what_if.ts';

/** What becomes of the users of a device, in their order, and of the removal as a whole. */
export interface Outlook extends Pick<Survey, 'state' | 'verdict' | 'impact' | 'refused' | 'depends_on'> {
  readonly consequences: readonly Consequence[];
}

type Consequence = Pick<Holder, 'consequence' | 'detail' | 'depends_on'>;

const NO_REMOVAL = { state: null, verdict: null, impact: null } as const;

/** The removal whose consequences the holders show. */
export function unbound(dax_device: string): RemoveDaxDevice {
  return { type: 'remove_dax_device', dax_device, trigger: 'unbind' };
}

/** Runs an unbind and looks what became of everyone; where there can be none, looks at the present state. */
export function outlookOf(tx: Transaction, device: DaxDevice, uses: readonly Use[]): Outlook {
  const told = orRefused(() => outlookInCommon(tx, device, uses));
  return isRefusal(told) ? notKnown(uses, told) : told;
}

function outlookInCommon(tx: Transaction, device: DaxDevice, uses: readonly Use[]): Outlook {
  return inCommon<Outlook>(
    tx.host,
    () => outlookOnce(tx, device, uses),
    (outlooks, areAll) => ({
      state: 'undetermined',
      verdict: 'undetermined',
      impact: null,
      refused: null,
      consequences: uses.map((_use, at) => {
        const each = outlooks.map(({ consequences }) => consequences[at]!);
        return eitherOf(each, areAll);
      }),
    }),
  );
}

function notKnown(uses: readonly Use[], refusal: Refusal): Outlook {
  const unknown = { consequence: null, detail: refusal.detail };
  return { ...NO_REMOVAL, refused: noRemoval(refusal), consequences: uses.map(() => unknown) };
}

/** Where a use ends in more than one way, nobody knows how; all are told. */
function eitherOf(each: readonly Consequence[], areAll: boolean): Consequence {
  const { value, conflicts } = agree(each);
  return areAll && conflicts.length === 0 ? value : { ...value, consequence: null };
}

/** In the world of the removal that is assumed, what becomes of one use: it may rest on facts of its own. */
function becomes(tx: Transaction, use: Use, removal: Aftermath): Consequence {
  return inCommon<Consequence>(
    tx.host,
    () => consequenceOf(tx, use, removal),
    () => ({ consequence: null }),
  );
}

function outlookOnce(tx: Transaction, device: DaxDevice, uses: readonly Use[]): Outlook {
  const imagined = whatIf(tx, (inside) => {
    const run = runWithImpact(inside, device, unbound(device.name));
    if (isRefusal(run)) return run;
    const { removal, impact } = run;
    const { state, verdict, report } = removal;
    const aftermath = aftermathOf(removal, report.signals);
    const consequences = uses.map((use) => becomes(inside, use, aftermath));
    return { state, verdict, impact, refused: null, consequences, ...dependOn(removal, ...removal.hazards) };
  });
  return isRefusal(imagined) ? withoutRemoval(tx, device, uses, imagined) : imagined;
}

function withoutRemoval(tx: Transaction, device: DaxDevice, uses: readonly Use[], refusal: Refusal): Outlook {
  if (!hasBegun(device)) return notKnown(uses, refusal);
  const none = { ...NO_REMOVAL, refused: noRemoval(refusal) };
  const { state, verdict } = standingOf(tx, device) ?? none;
  const aftermath = aftermathNow(tx, device);
  return { ...none, state, verdict, consequences: uses.map((use) => becomes(tx, use, aftermath)) };
}

/** Of the device's last removal: whom it has signalled and waits for; the dangers are those of now. */
function aftermathNow(tx: Transaction, device: DaxDevice): Aftermath {
  const all = tx.host.tables.removals.where(
    (removal) => removal.dax_device === device.name && removal.behind === undefined,
  );
  const last: RemovalRecord | undefined = all.at(-1);
  // A listing may have shown the device without a driver: then nothing of its removal is known.
  const { steps, waiting_on } = last ?? { steps: [], waiting_on: [] };
  const signals = last?.report.signals ?? [];
  return aftermathOf({ waiting_on, steps, hazards: dangersOf(tx.host, { steps }, device) }, signals);
}
