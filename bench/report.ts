import { ROWS, type Row, type RowId, type Target } from './rows.ts';

/** What came of a row: a value in the unit of its target, and what it is made of. */
export interface Outcome {
  readonly value: number;
  readonly of: string;
}

/** Takes what is measured, and prints a line for each as it comes. */
export interface Report {
  readonly measured: (id: RowId, value: number, of: string) => void;
  /** Everything so far, in the order in which it came. */
  readonly outcomes: () => ReadonlyMap<RowId, Outcome>;
}

/** Rows are printed to `write` as text, or as a JSON object a line. */
export function createReport(write: (line: string) => void, json: boolean): Report {
  const outcomes = new Map<RowId, Outcome>();
  const take = (id: RowId, outcome: Outcome): void => {
    outcomes.set(id, outcome);
    write(json ? asJson(id, outcome) : asText(id, outcome));
  };
  return {
    measured: (id, value, of) => take(id, { value, of }),
    outcomes: () => outcomes,
  };
}

/** Whether it is what its row asks for. */
export function isMet(id: RowId, { value }: Outcome): boolean {
  const { is, limit } = ROWS[id].target;
  return is === 'at_least' ? value >= limit : value <= limit;
}

/** Targets, values and whether they are met, below each other. */
export const HEADING = columns('target', 'measured', 'met', 'row');

function asText(id: RowId, outcome: Outcome): string {
  const row: Row = ROWS[id];
  const met = isMet(id, outcome) ? 'yes' : 'NO';
  const value = shown(outcome.value, row.target.unit);
  const line = columns(targetText(row.target), value, met, `${id}: ${row.what}`);
  return `${line}\n${columns('', '', '', `  ${outcome.of}`)}`;
}

function asJson(id: RowId, outcome: Outcome): string {
  const { subject, what, target }: Row = ROWS[id];
  return JSON.stringify({ id, subject, what, target, ...outcome, met: isMet(id, outcome) });
}

function columns(target: string, measured: string, met: string, row: string): string {
  return `${target.padEnd(12)} ${measured.padEnd(12)} ${met.padEnd(4)} ${row}`.trimEnd();
}

function targetText({ is, limit, unit }: Target): string {
  return `${is === 'at_least' ? '≥' : '≤'} ${String(limit)}${unit === 'x' ? 'x' : ` ${unit}`}`.trim();
}

/** Three digits, in the unit of its target. */
function shown(value: number, unit: Target['unit']): string {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return unit === 'x' ? `${text}x` : `${text} ${unit}`.trim();
}
