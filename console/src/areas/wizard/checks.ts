/** What only those can tell who have looked at the tables. The server's check of a document connects nowhere. */

import type { TFunction } from 'i18next';
import type { Problem } from '@/api/client';
import { textOf, textsOf, type JobDocument } from '@/lib/document';
import { doubtOf, doubtOfConstant, type Doubt } from '@/lib/fit';
import { kindOf, pairsOf, shownAs, unfilled, type Field, type Pair } from '@/lib/mapping';
import type { Ends, SideView } from './useSides';

/** The fields of the target whose values may not fit, with the reason. */
export function doubtsOf(
  pairs: readonly Pair[],
  sources: readonly Field[],
  targets: readonly Field[],
): Map<string, Doubt> {
  const from = new Map(sources.map((field) => [field.name, field]));
  const to = new Map(targets.map((field) => [field.name, field]));
  const columns = new Set(from.keys());
  const found = new Map<string, Doubt>();
  for (const pair of pairs) {
    const [source, target] = [from.get(pair.source), to.get(pair.target)];
    if (!target) continue;
    const isConstant = kindOf(pair.source, columns) === 'constant';
    const doubt = source
      ? doubtOf(source, target)
      : isConstant
        ? doubtOfConstant(pair.source, target)
        : null;
    if (doubt) found.set(pair.target, doubt);
  }
  return found;
}

interface Looked {
  source: SideView;
  target: SideView;
  ends: Ends;
}

/** Where channels that have nothing to do are mended. */
export const SPLIT_KEY = '/configuration/reader/parameter/splitPk';
const READER = '/configuration/reader/parameter';
const WRITER = '/configuration/writer/parameter';

/** Problems of the mapping and of what belongs to the tables, at the fields where they are mended. */
export function problemsOfTables(
  document: JobDocument,
  { source, target, ends }: Looked,
  t: TFunction<'wizard'>,
): Problem[] {
  const { reader, writer, setting } = document.configuration;
  const problems: Problem[] = [];
  const tell = (pointer: string, message: string, hint: string | null = null) =>
    problems.push({ pointer, message, hint, severity: 'error' });
  const pairs = pairsOf(document);
  if (ends.source) {
    const columns = new Set(ends.source.map((field) => field.name));
    pairs.forEach((pair, index) => {
      if (kindOf(pair.source, columns) !== 'unrecognized') return;
      const value = shownAs(pair.source);
      tell(`${READER}/column/${index}`, t('notRecognized', { value }), t('notRecognizedHelp'));
    });
  }
  if (ends.target && !ends.isFree) {
    const columns = new Set(ends.target.map((field) => field.name));
    pairs.forEach(({ target: name }, index) => {
      if (name === '*' || columns.has(name)) return;
      tell(`${WRITER}/column/${index}`, t('noSuchTarget', { name }), t('noSuchTargetHelp'));
    });
    const missing = ends.source && pairs.length > 0 ? unfilled(ends.target, pairs) : [];
    if (missing.length > 0) {
      tell(`${WRITER}/column`, t('mustFill', { count: missing.length }), missing.join(', '));
    }
    if (ends.source && pairs.length === 0) {
      tell(`${WRITER}/column`, t('nothingMapped'), t('nothingMappedHelp'));
    }
  }
  for (const [view, parameter, pointer] of [
    [source, reader.parameter, READER],
    [target, writer.parameter, WRITER],
  ] as const) {
    if (view.partitions.length === 0 || textsOf(parameter.partition).length > 0) continue;
    const names = view.partitions.map((field) => field.name).join(', ');
    tell(`${pointer}/partition`, t('needsPartition'), t('needsPartitionHelp', { names }));
  }
  const channels = Number(setting.speed?.concurrent ?? 1);
  const isSplit = !source.has('splitPk') || textOf(reader.parameter.splitPk) !== '';
  if (channels > 1 && !isSplit && reader.parameter.splitMode !== 'auto' && source.table !== '') {
    problems.push({
      pointer: SPLIT_KEY,
      message: t('noSplit', { count: channels }),
      hint: t('noSplitHelp'),
      severity: 'warning',
    });
  }
  return problems;
}
