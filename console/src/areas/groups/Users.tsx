import { Link } from '@tanstack/react-router';
import { Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { inWords } from '@/lib/cycleWords';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { MoreHeading } from '@/ui/MoreHeading';
import { usePreferences } from '@/ui/preferences';

interface Place {
  project: string;
  group: string;
}

/** The data sources of the group, each with the jobs that name it. */
export function Datasources({ project, group }: Place) {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const pages = usePages<Schemas['DatasourceItem']>({
    key: ['datasources', project, 'of-group'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources', {
          params: { path: { project }, query: { cursor, limit: 500 } },
          signal,
        }),
      ),
  });
  const items = pages.items.filter((item) => item.resourceGroup === group);
  return (
    <section aria-labelledby="users-title" style={{ marginTop: 24 }}>
      <h2 id="users-title">{t('usedBy')}</h2>
      <p>{t('usedByHelp')}</p>
      <PagedTable
        rowKey="id"
        pages={{ ...pages, items }}
        nothing={<Nothing text={t('noUsers')} />}
        expandable={{
          columnTitle: <MoreHeading />,
          rowExpandable: (item) => item.jobCount > 0,
          expandedRowRender: (item) => <Jobs project={project} datasource={item.id} />,
        }}
        columns={[
          {
            title: t('datasource'),
            dataIndex: 'name',
            render: (name: string, item) => (
              <Link
                to="/projects/$project/datasources/$datasource"
                params={{ project, datasource: item.id }}
                className="code"
              >
                {name}
              </Link>
            ),
          },
          { title: common('description'), dataIndex: 'description' },
          { title: t('jobs'), dataIndex: 'jobCount', className: 'number' },
        ]}
      />
    </section>
  );
}

function Jobs({ project, datasource }: { project: string; datasource: string }) {
  const { t } = useTranslation('common');
  const pages = usePages<Schemas['DatasourceUser']>({
    key: ['datasources', project, 'users', datasource],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/users', {
          params: { path: { project, datasource }, query: { cursor, limit: 100 } },
          signal,
        }),
      ),
  });
  return (
    <Flex wrap gap="4px 16px">
      {pages.items.map((job) => (
        <Link
          key={job.jobId}
          to="/projects/$project/jobs"
          params={{ project }}
          search={{ search: job.jobName }}
        >
          {job.jobName}
        </Link>
      ))}
      {pages.hasMore ? (
        <Button type="link" size="small" loading={pages.isFetching} onClick={pages.more}>
          {t('loadMore')}
        </Button>
      ) : null}
    </Flex>
  );
}

/** The jobs whose schedules name the group, wherever their data sources are. */
export function Schedules({ project, group }: Place) {
  const { t } = useTranslation('groups');
  const { language } = usePreferences();
  const { t: common } = useTranslation('common');
  const pages = usePages<Schemas['Listed_ListedSchedule']['items'][number]>({
    key: ['schedules', project, 'of-group'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/schedules', {
          params: { path: { project }, query: { cursor, limit: 500 } },
          signal,
        }),
      ),
  });
  const items = pages.items.filter((schedule) =>
    [schedule.rule, schedule.submittedRule].some((rule) => rule?.resourceGroup === group),
  );
  return (
    <section aria-labelledby="schedules-title" style={{ marginTop: 24 }}>
      <h2 id="schedules-title">{t('schedules')}</h2>
      <PagedTable
        rowKey="jobId"
        pages={{ ...pages, items }}
        nothing={<Nothing text={t('noSchedules')} />}
        columns={[
          {
            title: t('job'),
            dataIndex: 'jobName',
            render: (name: string) => (
              <Link to="/projects/$project/jobs" params={{ project }} search={{ search: name }}>
                {name}
              </Link>
            ),
          },
          {
            title: t('when'),
            key: 'when',
            render: (_, it) => inWords(it.cron, it.inWords, language),
          },
          {
            title: common('state'),
            dataIndex: 'state',
            render: (state: string) => t(`scheduleState.${state}` as 'scheduleState.active'),
          },
        ]}
      />
    </section>
  );
}
