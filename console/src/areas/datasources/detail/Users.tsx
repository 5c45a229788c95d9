import { Link } from '@tanstack/react-router';
import { Space } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { RunState } from '@/ui/RunState';
import { JobLink } from '../JobLink';

interface Props {
  project: string;
  datasource: string;
}

/** The jobs that name a data source, in their draft or in what is published. */
export function Users({ project, datasource }: Props) {
  const { t } = useTranslation('datasource');
  const pages = usePages<Schemas['DatasourceUser']>({
    key: ['datasources', project, 'users', datasource],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/users', {
          params: { path: { project, datasource }, query: { cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  return (
    <PagedTable
      rowKey="jobId"
      pages={pages}
      nothing={<Nothing text={t('noUsers')} />}
      columns={[
        {
          title: t('job'),
          dataIndex: 'jobName',
          render: (name: string, { jobId: job }) => (
            <JobLink project={project} job={job} name={name} />
          ),
        },
        {
          title: t('lastRun'),
          key: 'run',
          render: (_, { jobId }) => <LastRun project={project} job={jobId} />,
        },
      ]}
    />
  );
}

function LastRun({ project, job }: { project: string; job: string }) {
  const { t } = useTranslation('datasource');
  const runs = useRead({
    key: ['runs', project, 'last', job],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs', {
          params: { path: { project }, query: { job, limit: 1 } },
          signal,
        }),
      ),
  });
  const [run] = runs.data?.items ?? [];
  if (!run) return runs.data ? t('neverRun') : null;
  return (
    <Space>
      <RunState state={run.state} />
      <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
        #{run.number}
      </Link>
    </Space>
  );
}
