import { PlusOutlined } from '@ant-design/icons';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, Input, Modal, Segmented, Space, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useConnectors } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { Guarded } from '@/ui/Guarded';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { RowButtons } from '@/ui/RowButtons';
import { DatasourceDrawer } from './DatasourceDrawer';
import { DeleteDialog } from './DeleteDialog';
import { TestResult } from './TestResult';
import { TestTag } from './TestTag';

const route = getRouteApi('/projects/$project/datasources');

type Item = Schemas['DatasourceItem'];

interface Tested {
  name: string;
  report: Schemas['TestReport'];
}

export function DatasourcesPage() {
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const { project } = route.useParams();
  const { search = '', connector = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const mayManage = useMay('datasourcesManage');
  const mayTest = useMay('datasourcesTest');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const [deleting, setDeleting] = useState<Item | null>(null);
  const [tested, setTested] = useState<Tested | null>(null);
  const connectors = useConnectors();
  const pages = usePages<Item>({
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
    change: ({ id }: Item) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/{datasource}/test', {
          params: { path: { project, datasource: id } },
        }),
      ),
    refresh: [['datasources', project]],
    onDone: (report, item) => setTested({ name: item.name, report }),
  });
  const families = [...new Set(connectors.data?.items.map((it) => it.family))];
  const ask = (change: Partial<ReturnType<typeof route.useSearch>>) =>
    void navigate({ search: (known) => ({ ...known, ...change }) });
  const isFiltered = search !== '' || connector !== '';

  return (
    <div className="page">
      <PageTitle
        title={t('title')}
        actions={
          <Guarded may={mayManage} why={t('mayNotManage')}>
            <Button
              type="primary"
              icon={<PlusOutlined />}
              disabled={!mayManage}
              onClick={() => setOpened('new')}
            >
              {t('new')}
            </Button>
          </Guarded>
        }
      />
      <div className="filters">
        <Input.Search
          allowClear
          style={{ width: 260 }}
          aria-label={t('searchName')}
          placeholder={t('searchName')}
          defaultValue={search}
          onSearch={(text) => ask({ search: text || undefined })}
        />
        <Segmented<string>
          aria-label={t('connector')}
          value={connector}
          onChange={(value) => ask({ connector: value || undefined })}
          options={[
            { value: '', label: t('allTypes') },
            ...(connectors.data?.items ?? [])
              .toSorted((a, b) => families.indexOf(a.family) - families.indexOf(b.family))
              .map((it) => ({ value: it.name, label: it.title })),
          ]}
        />
      </div>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={
          <Nothing text={isFiltered ? t('noneFound') : t('none')}>
            {isFiltered ? (
              <Button onClick={() => ask({ search: undefined, connector: undefined })}>
                {t('clearFilters')}
              </Button>
            ) : (
              <Button disabled={!mayManage} onClick={() => setOpened('new')}>
                {t('new')}
              </Button>
            )}
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
            render: (jobs: number, item) =>
              jobs === 0 ? (
                0
              ) : (
                <Link
                  to="/projects/$project/datasources/$datasource"
                  params={{ project, datasource: item.id }}
                  aria-label={t('usedByCount', { count: jobs, name: item.name })}
                >
                  {jobs}
                </Link>
              ),
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
              <RowButtons
                name={item.name}
                may={mayManage}
                why={t('mayNotManage')}
                onEdit={() => setOpened(item.id)}
                onDelete={() => setDeleting(item)}
              >
                <Guarded may={mayTest}>
                  <Button
                    type="link"
                    size="small"
                    disabled={!mayTest}
                    loading={test.isPending && test.variables.id === item.id}
                    aria-label={`${t('test')} ${item.name}`}
                    onClick={() => test.mutate(item)}
                  >
                    {t('test')}
                  </Button>
                </Guarded>
              </RowButtons>
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
      {deleting ? (
        <DeleteDialog project={project} item={deleting} onClose={() => setDeleting(null)} />
      ) : null}
      <Modal
        open={tested !== null}
        title={t('testOf', { name: tested?.name ?? '' })}
        footer={null}
        onCancel={() => setTested(null)}
      >
        {tested ? <TestResult report={tested.report} /> : null}
      </Modal>
    </div>
  );
}
