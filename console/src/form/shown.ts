/** Settings as lines to read, named as the form names them. */

import { isObject } from '@/lib/document';
import type { Field, Kind } from './schema';

export interface Shown {
  title: string;
  /** Absent for what is not set. */
  text: string | null;
  /** Whether it is kept, but shown to nobody. */
  isSecret: boolean;
}

/** What is set, field by field. What rests on its default and is rarely needed is left out. */
export function shownOf(fields: readonly Field[], value: Record<string, unknown>): Shown[] {
  return fields.flatMap((field) => {
    const given = value[field.name];
    if (given === undefined && (field.advanced || field.type.kind === 'secret')) return [];
    return shownField(field, given);
  });
}

function shownField(field: Field, given: unknown): Shown[] {
  const { title, type } = field;
  const inner = isObject(given) ? innerFields(type, given) : null;
  if (inner && isObject(given)) {
    const lines = shownOf(inner.fields, given);
    const tag = inner.tag === null ? [] : [line(title, inner.tag)];
    return [...tag, ...lines.map((it) => ({ ...it, title: `${title} · ${it.title}` }))];
  }
  // The server says null for a secret that it keeps.
  if (type.kind === 'secret') return [{ title, text: null, isSecret: true }];
  return [line(title, textOf(given ?? field.fallback))];
}

function innerFields(
  type: Kind,
  given: Record<string, unknown>,
): { fields: Field[]; tag: string | null } | null {
  if (type.kind === 'object') return { fields: type.fields, tag: null };
  if (type.kind !== 'union') return null;
  const tag = String(given[type.tag]);
  const variant = type.variants.find((it) => it.tag === tag);
  return { fields: variant?.fields ?? [], tag };
}

function line(title: string, text: string | null): Shown {
  return { title, text, isSecret: false };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((it) => typeof it === 'string')) return value.join('\n');
  return JSON.stringify(value);
}
