import { Button, Flex, Input, Table, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { textOf } from '@/lib/document';
import { count } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';

const ROWS = 100;

/** The rows that were not written, counted by reason, each with its values. */
export function DirtyRows({ project, run }: { project: string; run: string }) {
  const { t } = useTranslation('runs');
  const [reason, setReason] = useState<string | null>(null);
  const [column, setColumn] = useState('');
  const [skip, setSkip] = useState(0);
  const page = useRead({
    key: ['runs', project, 'dirty', run, reason, column, skip],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/dirty-rows', {
          params: {
            path: { project, run },
            query: {
              skip,
              limit: ROWS,
              ...(reason === null ? {} : { reason }),
              ...(column === '' ? {} : { column }),
            },
          },
          signal,
        }),
      ),
  });
  if (page.error) return <Failure message={page.error.message} hint={page.error.hint} />;
  if (page.data && page.data.reasons.length === 0) return <Nothing text={t('noDirty')} />;
  return (
    <Flex vertical gap={12}>
      <ul className="reasons" aria-label={t('reasons')}>
        {page.data?.reasons.map((it) => (
          <li key={`${it.column}${it.reason}`}>
            <Button
              type={reason === it.reason ? 'primary' : 'default'}
              aria-pressed={reason === it.reason}
              onClick={() => {
                setReason(reason === it.reason ? null : it.reason);
                setSkip(0);
              }}
            >
              {count(it.rowCount)} × {it.column ? `${it.column}: ` : ''}
              {it.reason}
            </Button>
          </li>
        ))}
      </ul>
      <Flex gap={8}>
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
        <Button href={`/api/v1/projects/${project}/runs/${run}/dirty-rows/file`} download>
          {t('download')}
        </Button>
      </Flex>
      <Table
        size="small"
        rowKey={(row) => JSON.stringify(row)}
        scroll={{ x: 'max-content' }}
        pagination={false}
        loading={page.isPending}
        dataSource={page.data?.rows ?? []}
        columns={[
          {
            title: t('time'),
            key: 'time',
            render: (_, row: Record<string, unknown>) => textOf(row.time),
          },
          {
            title: t('column'),
            key: 'column',
            className: 'code',
            render: (_, row: Record<string, unknown>) => textOf(row.column),
          },
          {
            title: t('reason'),
            key: 'reason',
            render: (_, row: Record<string, unknown>) => textOf(row.reason),
          },
          {
            title: t('row'),
            key: 'row',
            render: (_, row: Record<string, unknown>) => (
              <Typography.Paragraph
                className="code"
                style={{ margin: 0, maxWidth: 640 }}
                ellipsis={{ rows: 2, expandable: 'collapsible' }}
              >
                {JSON.stringify(row.row)}
              </Typography.Paragraph>
            ),
          },
        ]}
      />
      <Flex gap={8}>
        {skip > 0 ? (
          <Button onClick={() => setSkip(Math.max(0, skip - ROWS))}>{t('earlier')}</Button>
        ) : null}
        {page.data?.hasMore ? (
          <Button onClick={() => setSkip(skip + ROWS)}>{t('further')}</Button>
        ) : null}
      </Flex>
    </Flex>
  );
}
