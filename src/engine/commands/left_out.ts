import { cutAt, LISTED_ROWS_MAX, type ListedCounts } from '../model/cut.ts';
import type { ListedAt } from '../model/host_command.ts';
import type { Refusal } from '../model/refusal.ts';
import type { RefusalCode } from '../model/refusal_codes.ts';

/** What of a listing the model does not take, as its answer says it in `skipped`: the rest of it enters (IMP41). */
export interface LeftOut {
  readonly kind: 'dax_device' | 'memdev' | 'cxl_region' | 'host';
  readonly name: string;
  /** `refused`: the object is not taken. `overlap`, `dax_device_in_use`: its address is not (IMP46). */
  readonly reason: 'refused' | 'overlap' | 'dax_device_in_use';
  /** What a request for it alone would be refused with. */
  readonly code: RefusalCode;
  readonly detail: string;
  readonly document: number | null;
  readonly pointer: string;
}

type Why = Pick<Refusal, 'code' | 'detail'> & { readonly reason?: LeftOut['reason'] };

/** What is left out, where it stands: an object for a refusal of its own, unless another reason is given. */
export function leftOut(
  kind: LeftOut['kind'],
  name: string,
  { code, detail, reason = 'refused' }: Why,
  at?: ListedAt,
): LeftOut {
  const { document, pointer } = at ?? { document: null, pointer: '' };
  return { kind, name, reason, code, detail, document, pointer };
}

/** The answer to an import with what was left out, first: no object that was refused is created, changed or ended. */
export function withLeftOut(imported: string, left: readonly LeftOut[]): string {
  if (left.length === 0) return imported;
  const { cut = {}, ...answer } = JSON.parse(imported) as Answer;
  const refused = left.filter(({ reason }) => reason === 'refused');
  const names = new Set(refused.map(({ kind, name }) => `${kind} ${name}`));
  const devices = refused.filter(({ kind }) => kind === 'dax_device').length;
  const objects = refused.filter(({ kind }) => kind === 'memdev' || kind === 'cxl_region').length;
  const lists = {
    devices: answer.devices.filter(({ name }) => !names.has(`dax_device ${name}`)),
    host_objects: answer.host_objects.filter(({ kind, name }) => !names.has(`${kind} ${name}`)),
    skipped: [...left, ...answer.skipped],
  };
  const known = { ...cut, ...less(cut, 'devices', devices), ...less(cut, 'host_objects', objects) };
  const { rows, told } = cutAt<keyof ListedCounts, typeof lists>(LISTED_ROWS_MAX, lists, known);
  return JSON.stringify({ ...answer, ...rows, ...told });
}

/** The number of all rows of a list that is cut, without those that were refused. */
function less(cut: ListedCounts, name: keyof ListedCounts, refused: number): ListedCounts {
  const count = cut[name];
  return count === undefined ? {} : { [name]: count - refused };
}

interface Answer {
  readonly devices: readonly { readonly name: string }[];
  readonly host_objects: readonly { readonly kind: string; readonly name: string }[];
  readonly skipped: readonly object[];
  readonly cut?: ListedCounts;
}
