import { Alert, Button, Flex, Input, Segmented, Space, Spin } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '@/ui/Failure';
import {
  kindOf,
  link,
  pairsOf,
  sameName,
  sameRow,
  stillThere,
  unfilled,
  unlink,
  withPairs,
  type Field,
  type Pair,
} from '@/lib/mapping';
import { Mapping } from './Mapping';
import type { RowView } from './MappingRow';
import { MappingTable } from './MappingTable';
import type { StepProps } from './steps';
import { useSides } from './useSides';

type Shown = 'all' | 'unmapped';

export function MappingStep({ project, draft, onChange, problems }: StepProps) {
  const { t } = useTranslation('wizard');
  const { source, target } = useSides(project, draft.document);
  const [typed, setTyped] = useState('');
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState<Shown>('all');
  const [view, setView] = useState<'lines' | 'table'>('lines');
  // Values that were added and have no line yet; what has one is in the document.
  const [added, setAdded] = useState<string[]>([]);
  const failed = source.columns.error ?? target.columns.error;
  if (failed) {
    return (
      <Failure
        message={failed.message}
        hint={failed.hint}
        requestId={failed.requestId}
        onRetry={() => {
          void source.columns.refetch();
          void target.columns.refetch();
        }}
      />
    );
  }
  if (!source.columns.data || !target.columns.data) return <Spin />;
  const fields: { source: Field[]; target: Field[] } = {
    source: source.columns.data.items,
    target: target.columns.data.items,
  };
  const names = fields.source.map((field) => field.name);
  const targets = fields.target.map((field) => field.name);
  const pairs = pairsOf(draft.document);
  const put = (next: Pair[]) => onChange({ ...draft, document: withPairs(draft.document, next) });

  const computes = source.connector !== 'odps';
  const own = [...new Set([...pairs.map((pair) => pair.source), ...added])].filter(
    (name) => !names.includes(name),
  );
  const rows: RowView[] = [
    ...fields.source.map((field) => rowOf(field)),
    ...own.map((name) => ownRow(name)),
  ];
  function rowOf(field: Field): RowView {
    const tags = [...(field.key ? [t('key')] : []), ...(field.nullable ? [] : [t('notNull')])];
    return { name: field.name, type: field.type, tags, isOwn: false, isWrong: false };
  }
  function ownRow(name: string): RowView {
    const kind = kindOf(name, names, computes);
    return {
      name,
      type: '',
      tags: [t(`kind.${kind}`)],
      isOwn: true,
      isWrong: kind === 'unrecognized',
    };
  }
  const gone = {
    sources: new Set(own.filter((name) => kindOf(name, names, computes) === 'unrecognized')),
    targets: new Set(pairs.map((pair) => pair.target).filter((name) => !targets.includes(name))),
  };
  const { dropped, kept } = stillThere(pairs, gone);
  const missing = unfilled(fields.target, pairs);
  const mapped = pairs.filter((pair) => targets.includes(pair.target)).length;
  const fits = (row: RowView, isLinked: boolean) =>
    row.name.toLowerCase().includes(filter.toLowerCase()) && (shown === 'all' || !isLinked);
  const linkedSources = new Set(pairs.map((pair) => pair.source));
  const linkedTargets = new Set(pairs.map((pair) => pair.target));
  const doubtful = new Set(
    pairs.filter((pair) => isDoubtful(pair, fields.source, fields.target)).map((it) => it.target),
  );
  const kindTyped = typed === '' ? null : kindOf(typed, names, computes);

  function add() {
    if (typed === '' || rows.some((row) => row.name === typed)) return;
    setAdded([...added, typed]);
    setTyped('');
  }

  return (
    <Flex vertical gap={12}>
      <Flex wrap gap={8} align="center">
        <Space.Compact>
          <Button onClick={() => put(sameName(names, targets))}>{t('sameName')}</Button>
          <Button onClick={() => put(sameRow(names, targets))}>{t('sameRow')}</Button>
          <Button onClick={() => put([])}>{t('clear')}</Button>
          <Button
            onClick={() =>
              put(pairs.toSorted((a, b) => targets.indexOf(a.target) - targets.indexOf(b.target)))
            }
          >
            {t('autoLayout')}
          </Button>
        </Space.Compact>
        <span aria-live="polite">{t('mapped', { mapped, all: targets.length })}</span>
        <span style={{ flex: 1 }} />
        <Input
          allowClear
          style={{ width: 200 }}
          aria-label={t('filterFields')}
          placeholder={t('filterFields')}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <Segmented<Shown>
          aria-label={t('shown')}
          value={shown}
          onChange={setShown}
          options={[
            { value: 'all', label: t('all') },
            { value: 'unmapped', label: t('unmapped') },
          ]}
        />
        <Segmented<'lines' | 'table'>
          aria-label={t('view')}
          value={view}
          onChange={setView}
          options={[
            { value: 'lines', label: t('lines') },
            { value: 'table', label: t('table') },
          ]}
        />
      </Flex>
      {dropped.length > 0 ? (
        <Alert
          type="warning"
          showIcon
          title={t('gone', { count: dropped.length })}
          description={dropped.map((pair) => `${pair.source} → ${pair.target}`).join(', ')}
          action={<Button onClick={() => put(kept)}>{t('removeThem')}</Button>}
        />
      ) : null}
      {doubtful.size > 0 ? (
        <Alert type="warning" showIcon title={t('doubtful', { count: doubtful.size })} />
      ) : null}
      {missing.length > 0 && pairs.length > 0 ? (
        <Alert
          type="error"
          showIcon
          title={t('mustFill', { count: missing.length })}
          description={missing.join(', ')}
        />
      ) : null}
      {problems.map((problem) => (
        <Alert
          key={problem.pointer + problem.message}
          type={problem.severity}
          showIcon
          title={problem.message}
          description={problem.hint}
        />
      ))}
      {view === 'lines' ? (
        <Mapping
          sources={rows.filter((row) => fits(row, linkedSources.has(row.name)))}
          targets={fields.target.map(rowOf).filter((row) => fits(row, linkedTargets.has(row.name)))}
          pairs={pairs}
          doubtful={doubtful}
          onLink={(pair) => put(link(pairs, pair))}
          onUnlink={(name) => put(unlink(pairs, name))}
          onRemoveSource={(name) => {
            setAdded(added.filter((it) => it !== name));
            put(pairs.filter((pair) => pair.source !== name));
          }}
        />
      ) : (
        <MappingTable
          fields={fields.target}
          sources={rows.map((row) => row.name)}
          pairs={pairs}
          onChange={put}
        />
      )}
      <Flex gap={8} align="center" wrap>
        <Input
          style={{ maxWidth: 360 }}
          className="code"
          aria-label={t('addValue')}
          placeholder={t('addValueHint')}
          value={typed}
          status={kindTyped === 'unrecognized' ? 'error' : undefined}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={add}
        />
        <Button onClick={add} disabled={typed === ''}>
          {t('addField')}
        </Button>
        <span aria-live="polite">{kindTyped === null ? null : t(`kind.${kindTyped}`)}</span>
      </Flex>
    </Flex>
  );
}

/** Text into anything else may not be convertible, and a wider number may not fit. */
function isDoubtful(pair: Pair, sources: Field[], targets: Field[]): boolean {
  const from = sources.find((field) => field.name === pair.source)?.arrowType;
  const to = targets.find((field) => field.name === pair.target)?.arrowType;
  if (from === undefined || to === undefined || from === to) return false;
  if (to === 'Utf8' || to === 'LargeUtf8') return false;
  const widths: Record<string, number> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 };
  const [narrow, wide] = [widths[from], widths[to]];
  if (narrow !== undefined && wide !== undefined) return narrow > wide;
  return true;
}
