type Members = Readonly<Record<string, unknown>>;

/** Whether two values of JSON are the same, whatever the order of their members. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  if (names.length !== others.length) return false;
  return others.every((name) => isSame((one as Members)[name], (other as Members)[name]));
}
