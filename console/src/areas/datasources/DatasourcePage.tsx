import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, Space, Tabs, Tag, Tooltip } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useConnectors } from '@/api/queries';
import { useMay, useProject } from '@/areas/frame/project';
import { Loaded } from '@/ui/Loaded';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { DatasourceDrawer } from './DatasourceDrawer';
import { History } from './detail/History';
import { Settings } from './detail/Settings';
import { Tables } from './detail/Tables';
import type { DatasourceTab } from './detail/tabs';
import { Users } from './detail/Users';
import { TestTag } from './TestTag';

const route = getRouteApi('/projects/$project/datasources/$datasource');

/** A data source: how it is reached, what is in it, and who uses it. */
export function DatasourcePage() {
  const { t } = useTranslation('datasource');
  const { t: list } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const { project, datasource } = route.useParams();
  const { tab = 'settings' } = route.useSearch();
  const navigate = route.useNavigate();
  const mayManage = useMay('datasourcesManage');
  const mayTest = useMay('datasourcesTest');
  const mayBrowse = useMay('datasourcesBrowse');
  const mayAudit = useMay('auditView');
  const [isEditing, setEditing] = useState(false);
  const entered = useProject();
  const connectors = useConnectors();
  const known = useRead({
    key: ['datasources', project, 'shown', datasource],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}', {
          params: { path: { project, datasource } },
          signal,
        }),
      ),
  });
  const test = useChange({
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/{datasource}/test', {
          params: { path: { project, datasource } },
        }),
      ),
    refresh: [['datasources', project]],
    onDone: () => void navigate({ search: {} }),
  });
  const shown = known.data;
  const connector = connectors.data?.items.find((it) => it.name === shown?.connector);
  const tables =
    mayBrowse && connector?.capabilities.browser !== false ? (
      <Tables
        project={project}
        datasource={datasource}
        hasSchemas={connector?.family === 'relational' || connector?.family === 'warehouse'}
      />
    ) : (
      <Nothing text={t(mayBrowse ? 'noBrowser' : 'mayNotBrowse')} />
    );
  return (
    <div className="page">
      <Link to="/projects/$project/datasources" params={{ project }}>
        ← {list('title')}
      </Link>
      <PageTitle
        name={shown?.name}
        title={<span className="title-name">{shown?.name ?? '…'}</span>}
        beside={
          shown ? (
            <Space wrap>
              <span>{connector?.title ?? shown.connector}</span>
              {shown.environment === 'dev' ? <Tag>{list('dev')}</Tag> : null}
              <TestTag state={shown.state} />
              {shown.testedAt ? <Ago at={shown.testedAt} /> : null}
            </Space>
          ) : null
        }
        actions={
          <>
            <Tooltip title={mayTest ? undefined : t('mayNotTest')}>
              <Button disabled={!mayTest} loading={test.isPending} onClick={() => test.mutate()}>
                {list('testConnectivity')}
              </Button>
            </Tooltip>
            <Tooltip title={mayManage ? undefined : list('mayNotManage')}>
              <Button disabled={!mayManage || !shown} onClick={() => setEditing(true)}>
                {common('edit')}
              </Button>
            </Tooltip>
          </>
        }
      />
      <Loaded reading={entered}>
        {() => (
          <Loaded reading={known}>
            {(value) => (
              <Tabs
                activeKey={tab}
                destroyOnHidden
                onChange={(key) => void navigate({ search: { tab: key as DatasourceTab } })}
                items={[
                  {
                    key: 'settings',
                    label: t('settings'),
                    children: <Settings datasource={value} />,
                  },
                  { key: 'tables', label: t('tables'), children: tables },
                  {
                    key: 'users',
                    label: t('usersCount', { count: value.jobCount }),
                    children: <Users project={project} datasource={datasource} />,
                  },
                  {
                    key: 'history',
                    label: t('history'),
                    children: mayAudit ? (
                      <History project={project} datasource={datasource} />
                    ) : (
                      <Nothing text={t('mayNotAudit')} />
                    ),
                  },
                ]}
              />
            )}
          </Loaded>
        )}
      </Loaded>
      {isEditing ? (
        <DatasourceDrawer
          project={project}
          datasource={datasource}
          onClose={() => setEditing(false)}
        />
      ) : null}
    </div>
  );
}
