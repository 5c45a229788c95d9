import { Link } from '@tanstack/react-router';
import { Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { count } from '@/lib/format';
import { Loaded } from '@/ui/Loaded';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { RunState } from '@/ui/RunState';

/** The runs that were asked for last. */
export function Recent({ project }: { project: string }) {
  const { t } = useTranslation('overview');
  const { t: states } = useTranslation('states');
  const { t: common } = useTranslation('common');
  const runs = useRead({
    key: ['runs', project, 'recent'],
    every: 5_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs', {
          params: { path: { project }, query: { limit: 10 } },
          signal,
        }),
      ),
  });
  return (
    <Loaded reading={runs}>
      {({ items }) => (
        <Table<Schemas['Run']>
          size="small"
          rowKey="id"
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Nothing text={t('neverRun')} /> }}
          dataSource={items}
          columns={[
            {
              title: t('run'),
              dataIndex: 'number',
              className: 'number',
              render: (number: number, run) => (
                <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
                  #{number}
                </Link>
              ),
            },
            { title: t('job'), dataIndex: 'jobName' },
            {
              title: t('kind'),
              dataIndex: 'kind',
              responsive: ['xl'],
              render: (kind: string) => states(kind as 'manual', { defaultValue: kind }),
            },
            { title: t('bizdate'), dataIndex: 'bizdate', className: 'code' },
            {
              title: common('state'),
              dataIndex: 'state',
              render: (state: string) => <RunState state={state} />,
            },
            { title: t('asked'), dataIndex: 'queuedAt', render: (at: string) => <Ago at={at} /> },
            {
              title: t('rowsWritten'),
              dataIndex: 'rowsWritten',
              className: 'number',
              render: count,
            },
            { title: t('dirtyRows'), dataIndex: 'rowsDirty', className: 'number', render: count },
          ]}
        />
      )}
    </Loaded>
  );
}
