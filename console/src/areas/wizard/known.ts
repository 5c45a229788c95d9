/** The columns that a mapping was made for, so that it can be told later what has changed. */

import { isObject, textOf } from '@/lib/document';
import type { Field } from '@/lib/mapping';

type Shape = Pick<Field, 'name' | 'type'>;

const key = (job: string, end: string) => `longshore.columns.${job}.${end}`;

/** What was noted for a table; null when nothing was, or for another table. */
export function knownColumns(job: string, end: string, table: string): Shape[] | null {
  try {
    const noted: unknown = JSON.parse(localStorage.getItem(key(job, end)) ?? 'null');
    if (!isObject(noted) || noted.table !== table || !Array.isArray(noted.columns)) return null;
    return noted.columns
      .filter(isObject)
      .map((it) => ({ name: textOf(it.name), type: textOf(it.type) }));
  } catch {
    return null;
  }
}

export function noteColumns(job: string, end: string, table: string, fields: readonly Shape[]) {
  const columns = fields.map(({ name, type }) => ({ name, type }));
  try {
    localStorage.setItem(key(job, end), JSON.stringify({ table, columns }));
  } catch {
    // It is full or switched off: changes are then not told, and nothing is lost.
  }
}
