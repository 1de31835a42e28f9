import type { Condition, DaxDevice } from './host.ts';

/** The conditions of a device but those of a type. */
export function without({ conditions }: DaxDevice, type: string): readonly Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** Whether a device has a condition. */
export function has({ conditions }: DaxDevice, { type }: Pick<Condition, 'type'>): boolean {
  return conditions.some((condition) => condition.type === type);
}
