import type { Effect } from '../kernels/effect.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { Host, Pin } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import { okOutcome, type Oops, type Outcome } from '../model/outcome.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { lackStructPages, overSystemRam } from '../model/struct_pages.ts';
import { PIN_VERBS, type PinHolder, type PinVerb } from '../model/vocabulary.ts';

/** What the release of a pin does to who releases it, and the kernel workers that run into it. */
interface Release {
  readonly effect: Effect;
  readonly worker_oopses: readonly Oops[];
}

const HARMLESS: Release = { effect: { do: 'ok' }, worker_oopses: [] };

/**
 * What the release of a pin does: nothing while there are struct pages, its own or those of a later bind (S53). Refused
 * with `outcome_unknown` where nothing describes it: RDMA, VFIO and other holders without struct pages, any holder where
 * the pages are System RAM now, whose references were never its own.
 * Source: R123-R126; S53.
 */
export function releaseOf(host: Host, pin: Pin, verb: PinVerb): Release | Refusal {
  const device = deviceOf(host, pin.dax_device);
  if (pin.pfn_ranges.length === 0) return HARMLESS;
  if (pin.pgmap !== device.pgmap && overSystemRam(host, device, pin.pfn_ranges)) {
    return unknownOutcome(
      `releasing ${pin.id} over what is system RAM now is neither recorded nor in the sources read: POST …/reboot ends it`,
    );
  }
  if (!lackStructPages(host, device, pin.pfn_ranges)) return HARMLESS;
  const facts = factsOf(host);
  const known: HolderFacts<Readonly<Record<'drop' | 'exit', Effect>>> = facts.pin_release_after_removal;
  const effects = known[pin.holder];
  if (effects === null || effects === undefined) {
    return unknownOutcome(
      `where the release of ${pin.id} (${pin.holder}) oopses is not recorded: POST …/reboot ends it`,
    );
  }
  const workers: HolderFacts<string> = facts.worker_oops_at;
  const at = workers[pin.holder] ?? null;
  const worker_oopses: Oops[] = at === null ? [] : [{ at, task: 'worker' }];
  return { effect: verb === 'exit' ? effects.exit : effects.drop, worker_oopses };
}

/** A release that returns, whatever becomes of a worker of the kernel beside it. */
export function releasedBeside(worker_oopses: readonly Oops[]): Outcome {
  return okOutcome({
    kernel_oopses: worker_oopses,
    result: worker_oopses.length === 0 ? 'ok' : 'kernel_oops',
  });
}

/** What a kernel says of some holders of pins; null where a holder cannot be met, or nothing is known. */
type HolderFacts<Fact> = { readonly [Holder in PinHolder]?: Fact | null };

/** What sets off that a pin outlived its struct pages: the ways to release it that are not known to be harmless. */
export function pinTriggers(host: Host, pin: Pin): PinVerb[] {
  return PIN_VERBS.filter((verb) => {
    const release = releaseOf(host, pin, verb);
    return isRefusal(release) || release.effect.do !== 'ok' || release.worker_oopses.length > 0;
  });
}
