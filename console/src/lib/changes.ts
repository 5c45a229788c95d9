/** What differs between two values of JSON, field by field. */

import { isObject } from './document';

export interface Change {
  /** `settings.allowList`; empty for the whole. */
  path: string;
  before: unknown;
  after: unknown;
}

/** The fields whose values differ. A list counts as one value: its entries have no names. */
export function changesOf(before: unknown, after: unknown, path = ''): Change[] {
  const left = before ?? undefined;
  const right = after ?? undefined;
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  if (!hasFields(left) || !hasFields(right)) return [{ path, before: left, after: right }];
  const from = isObject(left) ? left : {};
  const to = isObject(right) ? right : {};
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) =>
    changesOf(from[name], to[name], path === '' ? name : `${path}.${name}`),
  );
}

/** What is absent has no fields, and is compared as such. */
function hasFields(value: unknown): boolean {
  return value === undefined || isObject(value);
}
