/** Field mapping: which value of the source goes into which field of the target. */

import { isObject, textOf, withParameters, type JobDocument } from './document';
import { isExpression } from './expression';

/** One line between the lists. */
export interface Pair {
  /**
   * A column of the source, or a value such as `'abc'`, `7` or `${bizdate}`. An item of the document that is an
   * object is kept as its JSON text, so that nothing of it is lost.
   */
  source: string;
  /** A column of the target. */
  target: string;
}

/** A column as its store describes it. */
export interface Field {
  name: string;
  type: string;
  nullable: boolean;
  key: boolean;
  arrowType: string;
  /** Whether it is no part of the rows but says where they lie. */
  partition: boolean;
  /** Whether the store fills it in where a row has no value for it. */
  hasDefault: boolean;
  /** Whether a table can be cut by it. */
  splitKey: 'usable' | 'limited' | 'unusable';
  /** On which condition, or why not. */
  splitKeyReason?: string | null | undefined;
}

/** A field of a target that takes whatever it is given, as new files do. */
export function freeField(name: string): Field {
  return {
    name,
    type: '',
    nullable: true,
    key: false,
    arrowType: 'Utf8',
    partition: false,
    hasDefault: false,
    splitKey: 'unusable',
  };
}

export type SourceKind = 'column' | 'constant' | 'variable' | 'expression' | 'all' | 'unrecognized';

/** What a value on the source's side is. */
export function kindOf(source: string, columns: ReadonlySet<string>): SourceKind {
  if (columns.has(source)) return 'column';
  const item = objectOf(source);
  if (item) return 'expression' in item ? 'expression' : 'column';
  if (source === '*') return 'all';
  if (/^'(?:[^']|'')*'$/.test(source)) return hasReference(source) ? 'variable' : 'constant';
  if (/^[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(source)) return 'constant';
  if (/^(?:null|true|false)$/i.test(source)) return 'constant';
  if (/^(?:\$\{[^${}]+\}|\$\[[a-z][^[\]]*\])$/.test(source)) return 'variable';
  return isExpression(source, columns) ? 'expression' : 'unrecognized';
}

function hasReference(text: string): boolean {
  return text.includes('${') || /\$\[[a-z]/.test(text);
}

/**
 * What is put into the document for a value that was typed. A store that does not compute leaves expressions to
 * Longshore, which wants them as objects.
 */
export function valueTyped(typed: string, columns: ReadonlySet<string>, computes: boolean): string {
  const text = typed.trim();
  return !computes && kindOf(text, columns) === 'expression' && !objectOf(text)
    ? JSON.stringify({ expression: text })
    : text;
}

/** A value as people read it: of an object, what it computes or names. */
export function shownAs(source: string): string {
  const item = objectOf(source);
  if (!item) return source;
  const text = textOf(item.expression) || textOf(item.name) || textOf(item.value);
  return text === '' ? (item.index === undefined ? source : `#${textOf(item.index)}`) : text;
}

function objectOf(source: string): Record<string, unknown> | null {
  if (!source.startsWith('{')) return null;
  try {
    const item: unknown = JSON.parse(source);
    return isObject(item) ? item : null;
  } catch {
    return null;
  }
}

/** The items of a list of columns as texts. */
function itemsOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return items.map((item) => {
    if (item === null) return 'null';
    return isObject(item) ? JSON.stringify(item) : textOf(item);
  });
}

/** The pairs of a document, in its order. */
export function pairsOf(document: JobDocument): Pair[] {
  const { reader, writer } = document.configuration;
  const sources = itemsOf(reader.parameter.column);
  const targets = itemsOf(writer.parameter.column);
  const length = Math.min(sources.length, targets.length);
  return Array.from({ length }, (_, index) => ({
    source: sources[index] ?? '',
    target: targets[index] ?? '',
  }));
}

export function withPairs(document: JobDocument, pairs: readonly Pair[]): JobDocument {
  const sources = pairs.map((pair) => objectOf(pair.source) ?? pair.source);
  const targets = pairs.map((pair) => pair.target);
  const read = withParameters(document, 'reader', { column: sources });
  return withParameters(read, 'writer', { column: targets });
}

/** The pairs with every `*` put into words, as far as the columns are known. */
export function spelledOut(
  pairs: readonly Pair[],
  sources: readonly string[],
  targets: readonly string[],
): Pair[] {
  const [only] = pairs;
  if (pairs.length !== 1 || only?.source !== '*' || only.target !== '*') return [...pairs];
  return sameRow(sources, targets);
}

/** Pairs of the same name, whatever its case. */
export function sameName(sources: readonly string[], targets: readonly string[]): Pair[] {
  const found = new Map(sources.map((name) => [name.toLowerCase(), name]));
  return targets.flatMap((target) => {
    const source = found.get(target.toLowerCase());
    return source === undefined ? [] : [{ source, target }];
  });
}

/** The first with the first, the second with the second, as far as both lists go. */
export function sameRow(sources: readonly string[], targets: readonly string[]): Pair[] {
  const length = Math.min(sources.length, targets.length);
  return Array.from({ length }, (_, index) => ({
    source: sources[index] ?? '',
    target: targets[index] ?? '',
  }));
}

/** A new line: the target's old one gives way, since a field is written once. */
export function link(pairs: readonly Pair[], pair: Pair): Pair[] {
  return [...pairs.filter((known) => known.target !== pair.target), pair];
}

export function unlink(pairs: readonly Pair[], target: string): Pair[] {
  return pairs.filter((known) => known.target !== target);
}

interface BothEnds {
  source: readonly Field[] | null;
  target: readonly Field[] | null;
}

/**
 * The lines once one side has got the columns of another table: those that still have both ends, where values that
 * are no columns stay, and those that lost one. Where nothing was mapped yet, fields of the same
 * name are the best guess; a target that was made for the source gets all that the source has.
 */
export function refitted(
  pairs: readonly Pair[],
  changed: 'source' | 'target',
  ends: BothEnds,
  isMade = false,
): { kept: Pair[]; dropped: Pair[] } {
  const { source, target } = ends;
  const columns = (ends[changed] ?? []).filter((field) => changed === 'source' || !field.partition);
  const names = new Set(columns.map((field) => field.name));
  const isThere = (pair: Pair) =>
    changed === 'source'
      ? kindOf(pair.source, names) !== 'unrecognized'
      : pair.target === '*' || names.has(pair.target);
  const kept = pairs.filter(isThere);
  const dropped = pairs.filter((pair) => !isThere(pair));
  const takesAll = kept.some((pair) => pair.target === '*');
  if (!source || !target || takesAll || (pairs.length > 0 && !isMade)) return { kept, dropped };
  const filled = new Set(kept.map((pair) => pair.target));
  const found = sameName(
    source.filter((field) => isMade || !field.partition).map((field) => field.name),
    target.filter((field) => !field.partition).map((field) => field.name),
  );
  return { kept: [...kept, ...found.filter((pair) => !filled.has(pair.target))], dropped };
}

/** Fields of the target that must have a value and get none. */
export function unfilled(fields: readonly Field[], pairs: readonly Pair[]): string[] {
  if (pairs.some((pair) => pair.target === '*')) return [];
  const filled = new Set(pairs.map((pair) => pair.target));
  return fields
    .filter((field) => !field.nullable && !field.hasDefault && !filled.has(field.name))
    .map((field) => field.name);
}

/** Both lists so that lines lie level: linked fields first, in the order of the target, then the others. */
export function arranged(
  sources: readonly string[],
  targets: readonly string[],
  pairs: readonly Pair[],
): { sources: string[]; targets: string[] } {
  const sourceOf = new Map(pairs.map((pair) => [pair.target, pair.source]));
  const left = new Set<string>();
  const again: string[] = [];
  const level: string[] = [];
  for (const target of targets) {
    const source = sourceOf.get(target);
    if (source === undefined) continue;
    // A second line of the same source cannot lie level, so it does not break the others.
    if (left.has(source)) again.push(target);
    else {
      left.add(source);
      level.push(target);
    }
  }
  return {
    sources: [...left, ...sources.filter((name) => !left.has(name))],
    targets: [...level, ...again, ...targets.filter((name) => !sourceOf.has(name))],
  };
}

/** What became different in a table's columns. */
export interface ColumnDiff {
  added: Shape[];
  removed: Shape[];
  changed: { name: string; before: string; after: string }[];
}

type Shape = Pick<Field, 'name' | 'type'>;

export function diffColumns(before: readonly Shape[], after: readonly Shape[]): ColumnDiff {
  const [old, now] = [byName(before), byName(after)];
  return {
    added: after.filter((it) => !old.has(it.name)),
    removed: before.filter((it) => !now.has(it.name)),
    changed: after.flatMap((it) => {
      const was = old.get(it.name);
      return was && was.type !== it.type
        ? [{ name: it.name, before: was.type, after: it.type }]
        : [];
    }),
  };
}

export function isSame({ added, removed, changed }: ColumnDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

function byName(fields: readonly Shape[]): Map<string, Shape> {
  return new Map(fields.map((field) => [field.name, field]));
}
