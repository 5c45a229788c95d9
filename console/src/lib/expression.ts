/** Whether a text can be an expression of SQL. It is not parsed: what cannot be one is refused. */

/** Texts, quoted names, references and numbers. */
const VALUE =
  /'(?:[^']|'')*'|"[^"]+"|`[^`]+`|\$\{[^${}]+\}|\$\[[a-z][^[\]]*\]|\b\d+(?:\.\d+)?(?:e[-+]?\d+)?\b/giu;
const GROUP = /(?<name>[\p{L}_][\p{L}\p{N}_$.]*)?\s*\([^()]*\)/gu;
const TYPED = /\b(?:interval|date|time|timestamp|timestamptz)\s+§/giu;
const PART = /(?<=[\p{L}\p{N}_§]\s*)\[[^[\]]*\]/gu;
const CAST = /[\p{L}_§][\p{L}\p{N}_$.]*(?:\s*::\s*[\p{L}_§][\p{L}\p{N}_ .§]*)+/gu;
const BETWEEN = /[-+*/%|<>=!^&#~@?]+|\b(?:and|or|is|not|in|i?like|between|at\s+time\s+zone)\b/giu;
const KNOWN = /^(?:§|null|true|false|current_(?:date|time|timestamp|user)|localtime(?:stamp)?)$/iu;
const ALONE = /^(?:current_\w+|localtime\w*)$/iu;

/**
 * Whether a text computes something: a call, a cast, a case, or values with operators between them. Outside of
 * calls and brackets, a word that is no column of the source makes it none.
 */
export function isExpression(text: string, columns: ReadonlySet<string>): boolean {
  if (!isBalanced(text)) return false;
  if (/^case\s.+\send$/isu.test(text) || ALONE.test(text)) return true;
  let computes = false;
  // Step by step, everything that certainly is a value becomes one sign, innermost brackets first.
  let rest = text.replace(VALUE, ' § ');
  while (rest.includes('(')) {
    rest = rest.replace(GROUP, (_, name: string | undefined) => {
      if (name === undefined) return ' § ';
      if (/^over$/iu.test(name)) return ' ';
      computes = true;
      return name.replace(BETWEEN, '') === '' ? ` ${name} § ` : ' § ';
    });
  }
  const shrink = (pattern: RegExp, by: string) => {
    const before = rest;
    rest = rest.replace(pattern, by);
    computes ||= rest !== before;
  };
  shrink(TYPED, ' § ');
  shrink(PART, '');
  shrink(CAST, ' § ');
  const operands = rest.split(BETWEEN).map((it) => it.trim());
  computes ||= operands.length > 1;
  const names = new Set([...columns].map((name) => name.toLowerCase()));
  const isKnown = (operand: string) =>
    KNOWN.test(operand) || names.has(operand.split('.').at(-1)?.toLowerCase() ?? '');
  // An operator may stand before the first value, but not behind the last one.
  const isWhole = operands.at(-1) !== '';
  return computes && isWhole && operands.every((it) => it === '' || isKnown(it));
}

function isBalanced(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (const sign of text) {
    if (sign === "'") isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (sign === '(') depth += 1;
    else if (sign === ')' && --depth < 0) return false;
  }
  return depth === 0 && !isQuoted;
}
