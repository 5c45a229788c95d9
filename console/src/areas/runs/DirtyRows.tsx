import { Alert, Button, Drawer, Flex, Input, Skeleton, Table } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { isObject, textOf } from '@/lib/document';
import { count } from '@/lib/format';
import { stemsOf } from '@/lib/reasons';
import { Failure } from '@/ui/Failure';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { useStill } from '@/ui/useStill';
import { Reasons } from './Reasons';
import { ReplayDialog } from './ReplayDialog';

interface Props {
  project: string;
  run: Schemas['RunDetail'];
}

type DirtyRow = Record<string, unknown>;

const ROWS = 100;
const LONGEST = 80;
const LONGEST_REASON = 160;
/** The server tells so many reasons at most, counted over so many rows. */
const MOST_REASONS = 50;
const COUNTED = 200_000;

/** The rows that were not written, counted by reason, each with its values. */
export function DirtyRows({ project, run }: Props) {
  const { t } = useTranslation('runs');
  const mayView = useMay('dirtyRowsView');
  const [reason, setReason] = useState<string | null>(null);
  const [column, setColumn] = useState('');
  const [skip, setSkip] = useState(0);
  const [shown, setShown] = useState<DirtyRow | null>(null);
  const [isReplaying, setReplaying] = useState(false);
  const still = useStill(column.trim(), 300);
  const page = useRead({
    key: ['runs', project, 'dirty', run.id, reason, still, skip, Boolean(run.endedAt)],
    enabled: mayView,
    // As long as it runs there may be more of them.
    every: run.endedAt ? undefined : 5_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/dirty-rows', {
          params: {
            path: { project, run: run.id },
            query: {
              skip,
              limit: ROWS,
              ...(reason === null ? {} : { reason }),
              ...(still === '' ? {} : { column: still }),
            },
          },
          signal,
        }),
      ),
  });
  if (!mayView) return <Nothing text={t('mayNotDirty')} />;
  if (page.error) {
    return (
      <Failure
        message={page.error.message}
        hint={page.error.hint}
        requestId={page.error.requestId}
        onRetry={() => void page.refetch()}
      />
    );
  }
  if (!page.data) return <Skeleton active className="late" />;
  const { reasons, rows, hasMore } = page.data;
  if (reasons.length === 0) {
    return <Nothing text={t(run.rowsDirty > 0 ? 'noneKept' : 'noDirty')} />;
  }
  const kept = reasons.reduce((sum, it) => sum + it.rowCount, 0);
  const isCut = reasons.length >= MOST_REASONS;
  return (
    <Flex vertical gap={12}>
      {kept < run.rowsDirty && !isCut && run.rowsDirty <= COUNTED ? (
        <Alert
          type="info"
          showIcon
          title={t('capped', { kept: count(kept), total: count(run.rowsDirty) })}
        />
      ) : null}
      <Reasons
        reasons={stemsOf(reasons)}
        isCut={isCut}
        chosen={reason}
        onChoose={(next) => {
          setReason(next);
          setSkip(0);
        }}
      />
      <Flex gap={8} wrap>
        <Input
          allowClear
          style={{ width: 220 }}
          aria-label={t('column')}
          placeholder={t('column')}
          value={column}
          onChange={(event) => {
            setColumn(event.target.value);
            setSkip(0);
          }}
        />
        <span style={{ flex: 1 }} />
        <Button disabled={!run.endedAt} onClick={() => setReplaying(true)}>
          {t('replay')}
        </Button>
        <Button href={`/api/v1/projects/${project}/runs/${run.id}/dirty-rows/file`} download>
          {t('download')}
        </Button>
      </Flex>
      <Table<{ row: DirtyRow; place: number }>
        size="small"
        // Two rows may be the same; what tells them apart is their place.
        rowKey="place"
        scroll={{ x: 'max-content' }}
        pagination={false}
        loading={page.isFetching && page.isPlaceholderData}
        dataSource={rows.map((row, index) => ({ row, place: skip + index }))}
        columns={[
          {
            title: t('reason'),
            key: 'reason',
            render: (_, { row }) => (
              <div className="wrapped">{cut(textOf(row.reason), LONGEST_REASON)}</div>
            ),
          },
          {
            title: t('column'),
            key: 'column',
            className: 'code',
            render: (_, { row }) => textOf(row.column) || '–',
          },
          {
            title: t('value'),
            key: 'value',
            className: 'code',
            render: (_, { row }) => valueOf(row),
          },
          {
            title: t('key'),
            key: 'key',
            className: 'code',
            render: (_, { row }) => cut(keyOf(row)),
          },
          {
            title: t('time'),
            key: 'time',
            render: (_, { row }) => <Moment at={textOf(row.time)} />,
          },
          {
            title: t('row'),
            key: 'row',
            render: (_, { row }) => (
              <Button type="link" size="small" onClick={() => setShown(row)}>
                {t('wholeRow')}
              </Button>
            ),
          },
        ]}
      />
      <Flex gap={8}>
        {skip > 0 ? (
          <Button onClick={() => setSkip(Math.max(0, skip - ROWS))}>{t('earlier')}</Button>
        ) : null}
        {hasMore ? <Button onClick={() => setSkip(skip + ROWS)}>{t('further')}</Button> : null}
      </Flex>
      <Drawer open={shown !== null} size={560} title={t('row')} onClose={() => setShown(null)}>
        <p>{textOf(shown?.reason)}</p>
        <pre className="code script" tabIndex={0} aria-label={t('row')}>
          {JSON.stringify(shown?.row, null, 2)}
        </pre>
      </Drawer>
      {isReplaying ? (
        <ReplayDialog project={project} run={run} onClose={() => setReplaying(false)} />
      ) : null}
    </Flex>
  );
}

/** The value at fault; NULL is told apart from an empty text. */
function valueOf(row: DirtyRow) {
  const column = textOf(row.column);
  if (column === '' || !isObject(row.row) || !(column in row.row)) return '–';
  const value = row.row[column];
  if (value === null) return <span className="null">NULL</span>;
  return cut(textOf(value) || JSON.stringify(value));
}

function keyOf({ key }: DirtyRow): string {
  if (!isObject(key)) return '';
  return Object.entries(key)
    .map(([name, value]) => `${name}=${textOf(value) || JSON.stringify(value)}`)
    .join(', ');
}

function cut(text: string, longest = LONGEST): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
