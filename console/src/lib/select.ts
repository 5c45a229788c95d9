/** What a relational source is asked for, as its reader puts it together from columns, table and condition. */

import { tablesOf, textOf, textsOf, type JobDocument } from './document';
import { quoted } from './increment';
import { kindOf, pairsOf } from './mapping';

export function selectOf(document: JobDocument, columns: readonly string[]): string {
  const { reader } = document.configuration;
  const queries = textsOf(reader.parameter.querySql);
  if (queries.length > 0) return queries.join(';\n');
  const [table = '?', ...others] = tablesOf(reader);
  const known = new Set(columns);
  const asked = pairsOf(document)
    .map((pair) => pair.source)
    .filter((source) => {
      const kind = kindOf(source, known);
      // Constants are put into the rows by Longshore.
      return kind !== 'constant' && kind !== 'variable' && !source.startsWith('{');
    })
    .map((source) => (known.has(source) ? quoted(source) : source));
  const where = textOf(reader.parameter.where).trim();
  const list = asked.length > 0 ? [...new Set(asked)].join(', ') : '*';
  const one = (name: string) =>
    `SELECT ${list}\nFROM ${name}${where === '' ? '' : `\nWHERE ${where}`}`;
  return [table, ...others].map(one).join(';\n');
}

interface Resolved {
  reference: string;
  value?: string | null | undefined;
}

/** A text with its references replaced by what they stand for. */
export function resolved(text: string, parameters: readonly Resolved[]): string {
  return parameters.reduce(
    (said, { reference, value }) =>
      typeof value === 'string' ? said.replaceAll(reference, value) : said,
    text,
  );
}
