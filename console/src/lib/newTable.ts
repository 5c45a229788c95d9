/** A table that is made like that of another store: what it may be called, and what was typed of it. */

/** What was typed; null is what nobody has touched. */
export interface TypedTable {
  table: string | null;
  partitions: string[] | null;
  /** The statement, once it was changed by hand. */
  statement: string | null;
}

export const NOTHING_TYPED: TypedTable = { table: null, partitions: null, statement: null };

/** What was typed with another text of the statement; one that is as it was drafted follows the draft again. */
export function withStatement(
  typed: TypedTable,
  text: string,
  drafted: string | undefined,
): TypedTable {
  const statement = text === drafted ? null : text;
  return statement === typed.statement ? typed : { ...typed, statement };
}

/** A name like that of the source, in a schema of the target if its tables have one. */
export function suggestedName(source: string, isFile: boolean, listed: readonly string[]): string {
  const last = source.split(isFile ? '/' : '.').at(-1) ?? '';
  const plain = (isFile ? last.replace(/\..*$/, '') : last).replaceAll(/[^\p{L}\p{N}_]+/gu, '_');
  const name = plain.replaceAll(/^_+|_+$/g, '') || 'new_table';
  const schemas = listed.filter((it) => it.includes('.')).map((it) => it.split('.')[0]);
  const schema = schemas.includes('public') ? 'public' : schemas[0];
  return schema === undefined ? name : `${schema}.${name}`;
}

const PART = String.raw`(?:"(?:[^"]|"")+"|${'`'}(?:[^${'`'}]|${'``'})+${'`'}|[\p{L}\p{N}_$]+)`;
const START = new RegExp(
  String.raw`^\s*create\s+table\s+(?:if\s+not\s+exists\s+)?(${PART}(?:\s*\.\s*${PART})*)`,
  'iu',
);

/** The table that a statement makes, as a job calls it; null when it makes none. */
export function tableMadeBy(statement: string): string | null {
  const name = START.exec(statement)?.[1];
  return name?.match(new RegExp(PART, 'gu'))?.map(partOf).join('.') ?? null;
}

/** Without quotes a store folds a name; one that holds a dot keeps them. */
function partOf(part: string): string {
  const [quote] = part;
  if (quote !== '"' && quote !== '`') return part.toLowerCase();
  const name = part.slice(1, -1).replaceAll(quote + quote, quote);
  return /[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
