/** A place of a recording that holds a plain value, or an object or list with nothing in it. */
export interface Leaf {
  /** Keys from the root, `[0]` for the first of a list and `[+]` for a later one: `observed.follow_ups[+].result.errno`. */
  readonly path: string;
  readonly value: unknown;
  /** Puts another value there; what is returned puts the old one back. */
  readonly replace: (other: unknown) => () => void;
}

type Container = Record<string, unknown>;

/** Every leaf of what was recorded; what a tool printed as JSON is looked into as the rest is. */
export function leavesOf(recording: object): Leaf[] {
  return inside(recording as Container, '', () => undefined);
}

/** Every object of a recording, with its path: where a key that nobody knows may stand. */
export function objectsOf(recording: object): { readonly path: string; readonly object: Container }[] {
  const found: { path: string; object: Container }[] = [];
  const visit = (value: unknown, path: string): void => {
    if (!isContainer(value)) return;
    if (!Array.isArray(value)) found.push({ path, object: value });
    for (const [key, child] of Object.entries(value)) visit(child, childPath(value, path, key));
  };
  visit(recording, '');
  return found;
}

/** `changed` is called after each replacement within, for what is kept as text further out. */
function inside(container: Container, path: string, changed: () => void): Leaf[] {
  return Object.entries(container).flatMap(([key, value]) => {
    const at = childPath(container, path, key);
    if (isContainer(value) && Object.keys(value).length > 0) return inside(value, at, changed);
    const printed = key === 'stdout' ? parsed(value) : null;
    if (printed !== null) return printedLeaves(container, key, printed, { path: at, changed });
    const put = (other: unknown): void => {
      container[key] = other;
      changed();
    };
    const replace = (other: unknown) => {
      put(other);
      return () => put(value);
    };
    return [{ path: at, value, replace }];
  });
}

/** Leaves of a text that is JSON: a replacement writes the text anew. */
function printedLeaves(
  container: Container,
  key: string,
  printed: Container,
  { path, changed }: { readonly path: string; readonly changed: () => void },
): Leaf[] {
  const text = container[key];
  const write = (): void => {
    container[key] = JSON.stringify(printed);
    changed();
  };
  return inside(printed, `${path}: `, write).map((leaf) => ({
    ...leaf,
    replace: (other) => {
      const undo = leaf.replace(other);
      return () => {
        undo();
        container[key] = text;
      };
    },
  }));
}

function parsed(text: unknown): Container | null {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isContainer(value) && Object.keys(value).length > 0 ? value : null;
  } catch {
    return null;
  }
}

/** The path of what a key holds, within what stands at a path. */
export function childPath(container: object, path: string, key: string): string {
  if (Array.isArray(container)) return `${path}${key === '0' ? '[0]' : '[+]'}`;
  return path === '' || path.endsWith(' ') ? `${path}${key}` : `${path}.${key}`;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** A signal and an oops in one: what a list that is empty could have held. */
const SOMETHING = {
  ...{ signal: 'SIGNONE', si_code: 'NONE', si_addr_offset: 1, si_addr_lsb: 1, delivery: 'asynchronous' },
  at: 'nowhere',
};

/** Values that could have stood in place of a leaf's. */
export function otherValues(value: unknown): readonly unknown[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value === 0 ? 4096 : 0];
  if (typeof value === 'string') return [`${value} other`, `other ${value}`, 'other', ''];
  if (Array.isArray(value)) return [['other'], [SOMETHING]];
  return value === null ? ['other', 1, SOMETHING] : [{ other: 1 }, SOMETHING];
}
