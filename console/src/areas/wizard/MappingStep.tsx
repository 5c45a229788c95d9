import { ReloadOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Flex, Input, Segmented, Space } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { datasourceOf } from '@/lib/document';
import {
  arranged,
  freeField,
  kindOf,
  link,
  pairsOf,
  sameName,
  sameRow,
  shownAs,
  spelledOut,
  unfilled,
  unlink,
  withPairs,
  type Field,
  type Pair,
} from '@/lib/mapping';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { Nothing } from '@/ui/Nothing';
import { AddField } from './AddField';
import { doubtsOf } from './checks';
import { ColumnChanges } from './ColumnChanges';
import { Mapping } from './Mapping';
import type { RowView } from './MappingRow';
import { MappingTable } from './MappingTable';
import { Problems } from './Problems';
import type { StepProps } from './steps';
import type { Ends, SideView } from './useSides';

type Shown = 'all' | 'unmapped' | 'warnings';

interface Props extends StepProps {
  job: string;
  source: SideView;
  target: SideView;
  ends: Ends;
  /** The problem that somebody has come to mend. */
  aim: string | null;
  onGo: (step: 'source' | 'target') => void;
}

/** The fields of both sides and the lines between them. */
export function MappingStep(props: Props) {
  const { source, target, ends, draft, onGo } = props;
  const { t } = useTranslation('wizard');
  const failed = source.failed ?? target.failed;
  if (failed) {
    return (
      <Failure
        message={failed.message}
        hint={failed.hint}
        requestId={failed.requestId}
        onRetry={() => {
          source.again();
          target.again();
        }}
      />
    );
  }
  const { reader, writer } = draft.document.configuration;
  const lost = source.isLost ? 'source' : target.isLost ? 'target' : null;
  if (lost) {
    const name = datasourceOf(lost === 'source' ? reader : writer);
    return (
      <Failure
        message={t('datasourceLost', { name })}
        hint={t('datasourceLostHelp')}
        action={t(`step.${lost}`)}
        onRetry={() => onGo(lost)}
      />
    );
  }
  const missing =
    reader.plugin === '' || source.table === ''
      ? 'source'
      : writer.plugin === '' || (!ends.isFree && target.table === '')
        ? 'target'
        : null;
  if (missing) {
    return (
      <Nothing text={t('chooseFirst')}>
        <Button onClick={() => onGo(missing)}>{t(`step.${missing}`)}</Button>
      </Nothing>
    );
  }
  if (!ends.source || !ends.target) return <Loading rows={8} />;
  return <Fields {...props} sources={ends.source} targets={ends.target} />;
}

function Fields(props: Props & { sources: Field[]; targets: Field[] }) {
  const { project, job, draft, onChange, problems, source, target, ends, aim } = props;
  const { sources, targets } = props;
  const { t } = useTranslation('wizard');
  const queries = useQueryClient();
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState<Shown>('all');
  const [view, setView] = useState<'lines' | 'table'>('lines');
  const [isArranged, setArranged] = useState(false);
  // Fields that were added and have no line yet; what has one is in the document.
  const [addedTargets, setAddedTargets] = useState<string[]>([]);

  const columns = useMemo(() => new Set(sources.map((field) => field.name)), [sources]);
  const computes = source.connector?.family === 'relational';
  const names = sources.filter((field) => !field.partition).map((field) => field.name);
  const fields: Field[] = [
    ...targets,
    ...addedTargets.filter((name) => !targets.some((field) => field.name === name)).map(freeField),
  ];
  const written = fields.map((field) => field.name);
  const pairs = useMemo(
    () =>
      spelledOut(
        pairsOf(draft.document),
        [...columns],
        targets.map((it) => it.name),
      ),
    [draft.document, columns, targets],
  );
  const put = (change: Pair[] | ((pairs: Pair[]) => Pair[])) =>
    onChange((now) => {
      const next = typeof change === 'function' ? change(pairs) : change;
      return { ...now, values: own, document: withPairs(now.document, next) };
    });

  const values = pairs.map((pair) => pair.source).filter((name) => !columns.has(name));
  // A value keeps its place in the list, whether it has a line or not.
  const own = [...new Set([...draft.values, ...values])];
  const doubts = doubtsOf(pairs, sources, fields);
  const doubtful = new Set(doubts.keys());
  const reasons = new Map([...doubts].map(([name, doubt]) => [name, t(`doubt.${doubt}`)]));
  const linked = {
    sources: new Set(pairs.map((pair) => pair.source)),
    targets: new Set(pairs.map((pair) => pair.target)),
  };
  const suspect = new Set(pairs.filter((it) => doubtful.has(it.target)).map((it) => it.source));

  function rowOf(field: Field): RowView {
    const tags = [
      ...(field.key ? [t('key')] : []),
      ...(field.partition ? [t('partition')] : field.nullable ? [] : [t('notNull')]),
    ];
    return {
      name: field.name,
      label: field.name,
      type: field.type,
      tags,
      isOwn: false,
      isWrong: false,
    };
  }
  function ownRow(name: string): RowView {
    const kind = kindOf(name, columns);
    const tags = [t(`kind.${kind}`)];
    const isWrong = kind === 'unrecognized';
    return { name, label: shownAs(name), type: '', tags, isOwn: true, isWrong };
  }
  const fits = (name: string, isLinked: boolean, isSuspect: boolean) =>
    shownAs(name).toLowerCase().includes(filter.toLowerCase()) &&
    (shown === 'all' || (shown === 'unmapped' ? !isLinked : isSuspect));

  const left = new Map([...sources.map(rowOf), ...own.map(ownRow)].map((row) => [row.name, row]));
  const right = new Map(fields.map(rowOf).map((row) => [row.name, row]));
  const order = isArranged
    ? arranged([...left.keys()], [...right.keys()], pairs)
    : { sources: [...left.keys()], targets: [...right.keys()] };
  const leftRows = order.sources
    .filter((name) => fits(name, linked.sources.has(name), suspect.has(name)))
    .flatMap((name) => left.get(name) ?? []);
  const rightRows = order.targets
    .filter((name) => fits(name, linked.targets.has(name), doubtful.has(name)))
    .flatMap((name) => right.get(name) ?? []);
  const mapped = written.filter((name) => linked.targets.has(name)).length;
  const tableOf = (side: 'reader' | 'writer', table: string) =>
    `${datasourceOf(draft.document.configuration[side])}.${table}`;
  const isReading = source.columns.isFetching || target.columns.isFetching;

  return (
    <Flex vertical gap={12}>
      <Flex wrap gap={8} align="center">
        <Space.Compact>
          <Button onClick={() => put(sameName(names, written))}>{t('sameName')}</Button>
          <Button onClick={() => put(sameRow(names, written))}>{t('sameRow')}</Button>
          <Button onClick={() => put([])}>{t('clear')}</Button>
          <Button aria-pressed={isArranged} onClick={() => setArranged(!isArranged)}>
            {isArranged ? t('tableOrder') : t('autoLayout')}
          </Button>
        </Space.Compact>
        <Button
          icon={<ReloadOutlined />}
          loading={isReading}
          onClick={() => void queries.invalidateQueries({ queryKey: ['columns', project] })}
        >
          {t('refreshColumns')}
        </Button>
        <span aria-live="polite">{t('mapped', { mapped, all: written.length })}</span>
        <span style={{ flex: 1 }} />
        <Input
          allowClear
          style={{ width: 180 }}
          aria-label={t('filterFields')}
          placeholder={t('filterFields')}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <Segmented<Shown>
          aria-label={t('shown')}
          value={shown}
          onChange={setShown}
          options={(['all', 'unmapped', 'warnings'] as const).map((value) => ({
            value,
            label: t(value),
          }))}
        />
        <Segmented<'lines' | 'table'>
          aria-label={t('view')}
          value={view}
          onChange={setView}
          options={[
            { value: 'lines', label: t('lines') },
            { value: 'table', label: t('tableView') },
          ]}
        />
      </Flex>
      <ColumnChanges
        key={`source ${tableOf('reader', source.table)}`}
        job={job}
        end="source"
        table={tableOf('reader', source.table)}
        fields={sources}
        others={fields}
        pairs={pairs}
        onChange={put}
      />
      {ends.isFree ? null : (
        <ColumnChanges
          key={`target ${tableOf('writer', target.table)}`}
          job={job}
          end="target"
          table={tableOf('writer', target.table)}
          fields={targets}
          others={sources}
          pairs={pairs}
          onChange={put}
        />
      )}
      {doubts.size > 0 ? (
        <Alert
          type="warning"
          showIcon
          title={t('doubtful', { count: doubts.size })}
          description={[...reasons]
            .slice(0, 8)
            .map(([name, reason]) => `${name}: ${reason}`)
            .join(' · ')}
        />
      ) : null}
      <Problems problems={problems} />
      {view === 'lines' ? (
        <Mapping
          sources={leftRows}
          targets={rightRows}
          pairs={pairs}
          doubtful={doubtful}
          aim={aim === null ? null : mendedAt(aim, pairs, fields)}
          onLink={(pair) => put((now) => link(now, pair))}
          onUnlink={(name) => put((now) => unlink(now, name))}
          onRemoveSource={(name) => {
            const kept = pairs.filter((pair) => pair.source !== name);
            onChange((now) => ({
              ...now,
              values: own.filter((it) => it !== name),
              document: withPairs(now.document, kept),
            }));
          }}
        />
      ) : (
        <MappingTable
          targets={rightRows}
          sources={[...left.values()]}
          pairs={pairs}
          doubts={reasons}
          columns={columns}
          computes={computes}
          onChange={put}
        />
      )}
      <AddField
        columns={columns}
        computes={computes}
        taken={(name) => left.has(name)}
        onAdd={(name) => onChange((now) => ({ ...now, values: [...own, name] }))}
        onAddTarget={ends.isFree ? (name) => setAddedTargets([...addedTargets, name]) : undefined}
      />
    </Flex>
  );
}

/** The field of the target where a problem is mended: that of its line, or the first one that lacks a line. */
function mendedAt(pointer: string, pairs: readonly Pair[], fields: readonly Field[]) {
  const index = /\/column\/(\d+)$/.exec(pointer)?.[1];
  const known = pairs[Number(index ?? -1)]?.target;
  return known ?? unfilled(fields, pairs)[0] ?? fields[0]?.name ?? null;
}
