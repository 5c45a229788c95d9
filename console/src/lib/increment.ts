/**
 * A condition that takes only what is new: rows from a value of a column on, and below another one.
 * It is written in one form only, so that a job that was saved shows it in its own controls again.
 */

export interface Increment {
  column: string;
  /** The least value; a reference such as `${bdp.system.bizdate}` makes it move with the run. */
  from: string;
  /** The value that is no longer taken; empty for none. */
  until: string;
  /** What else must hold; empty for nothing. */
  rest: string;
}

export function writeIncrement({ column, from, until, rest }: Increment): string {
  const name = quoted(column);
  const parts = [`${name} >= ${literal(from)}`];
  if (until !== '') parts.push(`${name} < ${literal(until)}`);
  if (rest.trim() !== '') parts.push(`(${rest.trim()})`);
  return parts.join(' AND ');
}

const NAME = String.raw`([a-z_][a-z0-9_$]*|"(?:[^"]|"")+")`;
const TEXT = String.raw`'((?:[^']|'')*)'`;
const SHAPE = new RegExp(
  String.raw`^${NAME} >= ${TEXT}(?: AND ${NAME} < ${TEXT})?(?: AND \((.*)\))?$`,
  's',
);

/** The increment that a condition says, or null when it says something else. */
export function readIncrement(condition: string): Increment | null {
  const found = SHAPE.exec(condition.trim());
  if (!found) return null;
  const [, column = '', from = '', again, until, rest] = found;
  if (again !== undefined && again !== column) return null;
  if (rest !== undefined && !isClosed(rest)) return null;
  return {
    column: unquoted(column),
    from: from.replaceAll("''", "'"),
    until: (until ?? '').replaceAll("''", "'"),
    rest: rest ?? '',
  };
}

/** Whether the parentheses around a text are those of the text's own beginning and end. */
function isClosed(text: string): boolean {
  let depth = 0;
  let quote = '';
  for (const sign of text) {
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === "'" || sign === '"') quote = sign;
    else if (sign === '(') depth += 1;
    else if (sign === ')' && --depth < 0) return false;
  }
  return depth === 0 && quote === '';
}

/** A name as SQL wants it. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
