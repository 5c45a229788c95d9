import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, Flex, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useMay } from '@/areas/frame/project';
import { count } from '@/lib/format';
import { Loaded } from '@/ui/Loaded';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { Tile } from '@/ui/Tile';
import { GroupDrawer } from './GroupDrawer';
import { useRunning } from './useRunning';

const route = getRouteApi('/projects/$project/groups/$group');

/** A group: the addresses to admit, and what uses it. */
export function GroupPage() {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const { project, group: name } = route.useParams();
  const mayManage = useMay('resourceGroupsManage');
  const [isEditing, setEditing] = useState(false);
  const running = useRunning(project);
  const group = useRead({
    key: ['groups', project, 'shown', name],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/resource-groups/{group}', {
          params: { path: { project, group: name } },
          signal,
        }),
      ),
  });
  return (
    <div className="page">
      <Link to="/projects/$project/groups" params={{ project }}>
        ← {t('title')}
      </Link>
      <PageTitle
        title={<span className="title-name">{name}</span>}
        beside={group.data?.description}
        actions={
          <Button
            disabled={!mayManage}
            title={mayManage ? undefined : t('mayNotManage')}
            onClick={() => setEditing(true)}
          >
            {common('edit')}
          </Button>
        }
      />
      <Loaded reading={group}>
        {({ slots, egress }) => (
          <>
            <div className="tiles">
              <Tile title={t('runningNow')} value={running?.get(name) ?? (running ? 0 : '…')} />
              <Tile title={t('slots')} value={slots === 0 ? t('noLimit') : count(slots)} />
            </div>
            <section aria-labelledby="admit-title">
              <h2 id="admit-title">{t('admit')}</h2>
              {egress.length === 0 ? (
                <p>{t('noEgress')}</p>
              ) : (
                <>
                  <p>{t('admitHelp')}</p>
                  <Typography.Paragraph
                    code
                    copyable={{ text: egress.join(','), tooltips: [t('copy'), t('copied')] }}
                  >
                    {egress.join(', ')}
                  </Typography.Paragraph>
                </>
              )}
            </section>
          </>
        )}
      </Loaded>
      <Users project={project} group={name} />
      {isEditing ? (
        <GroupDrawer project={project} group={name} onClose={() => setEditing(false)} />
      ) : null}
    </div>
  );
}

interface Place {
  project: string;
  group: string;
}

/** The data sources of the group, each with the jobs that name it. */
function Users({ project, group }: Place) {
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
