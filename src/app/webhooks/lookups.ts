import { WEBHOOKS_MAX } from '../../service/webhook.ts';
import type { Resolve } from './targets.ts';

/** How many names are looked up at a time, and how long an attempt waits for the addresses of one. */
export interface LookupLimits {
  readonly at_once: number;
  readonly limit_ms: number;
}

/**
 * The system's resolver holds one of four threads of the process for as long as it likes: the others are left to answers
 * that are compressed, and to files. An attempt has time left to be made then.
 */
const LIMITS: LookupLimits = { at_once: 2, limit_ms: 10_000 };

type Told = Parameters<Resolve>[2];

/** Whoever asks is told, unless the signal says before that nobody wants to know any more. */
export type BoundLookup = (name: string, signal: AbortSignal, told: Told) => void;

/** A name that is looked up, or is to be, for all who ask for it meanwhile. */
interface Question {
  readonly name: string;
  readonly askers: Set<Told>;
  isUnderWay: boolean;
  isLate: boolean;
}

/**
 * Bounds a resolver that is not: each who asks is told in time, and it is asked for few names at once. Names whose last
 * answer came too late have one of these places among them, so that they do not hold up all others.
 */
export function boundLookups(resolve: Resolve, { at_once, limit_ms }: LookupLimits = LIMITS): BoundLookup {
  const questions = new Map<string, Question>();
  const late = new Set<string>();
  const isNext = ({ name, isUnderWay }: Question): boolean => {
    const underWay = [...questions.values()].filter((each) => each.isUnderWay);
    const isHeldUp = late.has(name) && underWay.some((each) => late.has(each.name));
    return !isUnderWay && !isHeldUp && underWay.length < at_once;
  };
  const goOn = (): void => {
    for (const question of questions.values()) if (isNext(question)) begin(question);
  };
  const begin = (question: Question): void => {
    const { name, askers } = question;
    question.isUnderWay = true;
    resolve(name, { all: true }, (...answer) => {
      questions.delete(name);
      if (!question.isLate) late.delete(name);
      for (const told of askers) told(...answer);
      goOn();
    });
  };
  const drop = ({ name, askers, isUnderWay }: Question, told: Told): void => {
    askers.delete(told);
    if (!isUnderWay && askers.size === 0) questions.delete(name);
  };
  const giveUp = (question: Question, told: Told): void => {
    const { name, isUnderWay } = question;
    drop(question, told);
    if (isUnderWay) {
      question.isLate = true;
      note(late, name);
    }
    told(new Error(`no address of ${name} within ${String(limit_ms)} ms`), []);
  };
  return (name, signal, callback) => {
    if (signal.aborted) return;
    const question = questions.get(name) ?? fresh(name);
    questions.set(name, question);
    const timer = setTimeout(() => giveUp(question, told), limit_ms);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    };
    const told: Told = (...answer) => {
      end();
      callback(...answer);
    };
    const leave = (): void => {
      end();
      drop(question, told);
    };
    signal.addEventListener('abort', leave);
    question.askers.add(told);
    goOn();
  };
}

function fresh(name: string): Question {
  return { name, askers: new Set(), isUnderWay: false, isLate: false };
}

/** The last names that were late, of no more than there are webhooks. */
function note(late: Set<string>, name: string): void {
  late.delete(name);
  late.add(name);
  const [oldest] = late;
  if (oldest !== undefined && late.size > WEBHOOKS_MAX) late.delete(oldest);
}
