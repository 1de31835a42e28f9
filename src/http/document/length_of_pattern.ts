/** A class, an escape, a bracket, an anchor, a bar, how often, or a character. */
const TOKEN = /\[(?:\\.|[^\]\\])+\]|\\x[0-9a-f]{2}|\\.|\(\?:|\{\d+(?:,\d*)?\}|./gi;

/**
 * The most characters of a text that a pattern lets through; infinite where it has no end, or is of a form that is not
 * read here. Read are `^…$` of classes, groups, alternatives and how often each comes.
 */
export function lengthOfPattern(pattern: string): number {
  const [first, ...tokens] = pattern.match(TOKEN) ?? [];
  if (first !== '^' || tokens.pop() !== '$') return Infinity;
  const length = longest(tokens, false);
  return tokens.length === 0 ? length : Infinity;
}

/** Takes the alternatives up to the bracket that ends them, or to the end; outside a group each would have its anchors. */
function longest(tokens: string[], isGroup: boolean): number {
  let most = 0;
  let length = 0;
  for (let token = tokens.shift(); token !== undefined && token !== ')'; token = tokens.shift()) {
    if (token === '|') {
      most = isGroup ? Math.max(most, length) : Infinity;
      length = 0;
    } else length += unit(token, tokens) * times(tokens);
  }
  return Math.max(most, length);
}

function unit(token: string, tokens: string[]): number {
  if (token !== '(' && token !== '(?:') return 1;
  // Looking ahead or behind, or a group with a name.
  return tokens[0] === '?' ? Infinity : longest(tokens, true);
}

/** How often what stands before may come. */
function times(tokens: string[]): number {
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(tokens[0] ?? '') ?? [];
  if (least === undefined && !['?', '*', '+'].includes(tokens[0] ?? '')) return 1;
  const sign = tokens.shift();
  if (least === undefined) return sign === '?' ? 1 : Infinity;
  if (comma === '') return Number(least);
  return most === '' ? Infinity : Number(most);
}
