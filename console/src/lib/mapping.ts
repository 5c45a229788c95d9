/** Field mapping: which value of the source goes into which field of the target. */

import { type JobDocument, textsOf, withParameters } from './document';

/** One line between the lists. */
export interface Pair {
  /** A column of the source, or a value such as `'abc'`, `7` or `${bizdate}`. */
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
}

export type SourceKind = 'column' | 'constant' | 'variable' | 'expression' | 'all' | 'unrecognized';

/** What a value on the source's side is. Expressions are for stores that compute, which are told by `computes`. */
export function kindOf(source: string, columns: readonly string[], computes: boolean): SourceKind {
  if (columns.includes(source)) return 'column';
  if (source === '*') return 'all';
  if (/^'(?:[^']|'')*'$/.test(source)) return source.includes('${') ? 'variable' : 'constant';
  if (/^-?\d+(?:\.\d+)?$/.test(source)) return 'constant';
  if (/^\$\{[^${}]+\}$/.test(source)) return 'variable';
  return computes && looksComputed(source) ? 'expression' : 'unrecognized';
}

/** A call, a cast or an operation; a bare word is a column that does not exist. */
function looksComputed(text: string): boolean {
  return /[(:+\-*/|]/.test(text) && isBalanced(text);
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

/** The pairs of a document, in its order. */
export function pairsOf(document: JobDocument): Pair[] {
  const { reader, writer } = document.configuration;
  const sources = textsOf(reader.parameter.column);
  const targets = textsOf(writer.parameter.column);
  const length = Math.min(sources.length, targets.length);
  return Array.from({ length }, (_, index) => ({
    source: sources[index] ?? '',
    target: targets[index] ?? '',
  }));
}

export function withPairs(document: JobDocument, pairs: readonly Pair[]): JobDocument {
  const sources = pairs.map((pair) => pair.source);
  const targets = pairs.map((pair) => pair.target);
  const read = withParameters(document, 'reader', { column: sources });
  return withParameters(read, 'writer', { column: targets });
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

/** Lines that still have both ends, and those that lost one. Values that are no columns stay. */
export function stillThere(
  pairs: readonly Pair[],
  gone: { sources: ReadonlySet<string>; targets: ReadonlySet<string> },
): { kept: Pair[]; dropped: Pair[] } {
  const kept: Pair[] = [];
  const dropped: Pair[] = [];
  for (const pair of pairs) {
    const isGone = gone.sources.has(pair.source) || gone.targets.has(pair.target);
    (isGone ? dropped : kept).push(pair);
  }
  return { kept, dropped };
}

/** Fields of the target that must have a value and get none. */
export function unfilled(fields: readonly Field[], pairs: readonly Pair[]): string[] {
  const filled = new Set(pairs.map((pair) => pair.target));
  return fields.filter((field) => !field.nullable && !filled.has(field.name)).map((it) => it.name);
}
