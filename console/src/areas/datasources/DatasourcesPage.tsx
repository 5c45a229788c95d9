import { PlusOutlined } from '@ant-design/icons';
import { getRouteApi, Link } from '@tanstack/react-router';
import { App, Button, Input, Select, Space, Tag, Tooltip } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useConnectors } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { DatasourceDrawer } from './DatasourceDrawer';
import { TestTag } from './TestTag';

const route = getRouteApi('/projects/$project/datasources');

export function DatasourcesPage() {
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const { modal, notification } = App.useApp();
  const { project } = route.useParams();
  const { search = '', connector = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const mayManage = useMay('datasourcesManage');
  const mayTest = useMay('datasourcesTest');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const connectors = useConnectors();
  const pages = usePages<Schemas['DatasourceItem']>({
    key: ['datasources', project, 'list', search, connector],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources', {
          params: { path: { project }, query: { search, connector, cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  const test = useChange({
    change: (datasource: string) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/{datasource}/test', {
          params: { path: { project, datasource } },
        }),
      ),
    refresh: [['datasources', project]],
    onDone: (report) => {
      const failed = report.stages.find((stage) => stage.failure);
      if (!failed?.failure) return;
      notification.error({
        title: `${t(`stage.${failed.name}`, failed.name)}: ${failed.failure.message}`,
        description: failed.failure.hint,
      });
    },
  });
  const remove = useChange({
    change: async (datasource: string) => {
      const path = { project, datasource };
      const url = '/api/v1/projects/{project}/datasources/{datasource}';
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
    refresh: [['datasources', project]],
    done: t('deleted'),
  });

  function confirmRemoval(item: Schemas['DatasourceItem']) {
    void modal.confirm({
      title: t('deleteTitle', { name: item.name }),
      content: item.jobCount > 0 ? t('deleteUsed', { count: item.jobCount }) : t('deleteHelp'),
      okText: common('delete'),
      okButtonProps: { danger: true },
      cancelText: common('cancel'),
      onOk: () => remove.mutateAsync(item.id).catch((error: unknown) => error instanceof ApiError),
    });
  }

  return (
    <div className="page">
      <PageTitle
        title={t('title')}
        actions={
          <Tooltip title={mayManage ? undefined : t('mayNotManage')}>
            <Button
              type="primary"
              icon={<PlusOutlined />}
              disabled={!mayManage}
              onClick={() => setOpened('new')}
            >
              {t('new')}
            </Button>
          </Tooltip>
        }
      />
      <div className="filters">
        <Input.Search
          allowClear
          style={{ width: 260 }}
          aria-label={common('search')}
          placeholder={common('search')}
          defaultValue={search}
          onSearch={(text) =>
            void navigate({ search: (known) => ({ ...known, search: text || undefined }) })
          }
        />
        <Select
          allowClear
          style={{ width: 200 }}
          aria-label={t('connector')}
          placeholder={t('connector')}
          value={connector || null}
          options={connectors.data?.items.map((it) => ({ value: it.name, label: it.title }))}
          onChange={(value: string | undefined) =>
            void navigate({ search: (known) => ({ ...known, connector: value }) })
          }
        />
      </div>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={
          <Nothing text={search || connector ? t('noneFound') : t('none')}>
            {mayManage && !search && !connector ? (
              <Button onClick={() => setOpened('new')}>{t('new')}</Button>
            ) : null}
          </Nothing>
        }
        columns={[
          {
            title: common('name'),
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
          {
            title: t('connector'),
            dataIndex: 'connector',
            render: (name: string, item) => (
              <>
                {connectors.data?.items.find((it) => it.name === name)?.title ?? name}{' '}
                {item.environment === 'dev' ? <Tag>{t('dev')}</Tag> : null}
              </>
            ),
          },
          { title: t('address'), dataIndex: 'address', className: 'code' },
          { title: common('description'), dataIndex: 'description' },
          {
            title: t('jobs'),
            dataIndex: 'jobCount',
            className: 'number',
          },
          {
            title: t('lastTest'),
            key: 'test',
            render: (_, item) => (
              <Space>
                <TestTag state={item.state} />
                {item.testedAt ? <Ago at={item.testedAt} /> : null}
              </Space>
            ),
          },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, item) => (
              <Space size={0}>
                <Button
                  type="link"
                  size="small"
                  disabled={!mayTest}
                  loading={test.isPending && test.variables === item.id}
                  aria-label={`${t('test')} ${item.name}`}
                  onClick={() => test.mutate(item.id)}
                >
                  {t('test')}
                </Button>
                <Button
                  type="link"
                  size="small"
                  disabled={!mayManage}
                  aria-label={`${common('edit')} ${item.name}`}
                  onClick={() => setOpened(item.id)}
                >
                  {common('edit')}
                </Button>
                <Button
                  type="link"
                  size="small"
                  danger
                  disabled={!mayManage}
                  aria-label={`${common('delete')} ${item.name}`}
                  onClick={() => confirmRemoval(item)}
                >
                  {common('delete')}
                </Button>
              </Space>
            ),
          },
        ]}
      />
      {opened === null ? null : (
        <DatasourceDrawer
          key={opened}
          project={project}
          datasource={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}
