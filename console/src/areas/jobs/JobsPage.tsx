import { PlusOutlined } from '@ant-design/icons';
import { getRouteApi, Link } from '@tanstack/react-router';
import { App, Button, Dropdown, Flex, Input, Space, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useMay } from '@/areas/frame/project';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { Folders } from './Folders';
import { ImportJobs } from './ImportJobs';

const route = getRouteApi('/projects/$project/jobs');

interface Props {
  /** Asks for what a run needs, and starts it. */
  RunDialog: (props: { project: string; job: string; onClose: () => void }) => React.ReactNode;
}

export function JobsPage({ RunDialog }: Props) {
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const { modal } = App.useApp();
  const { project } = route.useParams();
  const { search = '', folder } = route.useSearch();
  const navigate = route.useNavigate();
  const mayEdit = useMay('jobsEdit');
  const mayRun = useMay('runsStart');
  const [running, setRunning] = useState<string | null>(null);
  const [isImporting, setImporting] = useState(false);
  const pages = usePages<Schemas['JobItem']>({
    key: ['jobs', project, 'list', search, folder],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs', {
          params: {
            path: { project },
            query: { search, cursor, limit: 100, ...(folder === undefined ? {} : { folder }) },
          },
          signal,
        }),
      ),
  });
  const remove = useChange({
    refresh: [
      ['jobs', project],
      ['folders', project],
    ],
    done: t('deleted'),
    change: async (job: string) => {
      const url = '/api/v1/projects/{project}/jobs/{job}';
      const path = { project, job };
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
  });
  return (
    <div className="page">
      <PageTitle
        title={t('title')}
        actions={
          <>
            <Button disabled={!mayEdit} onClick={() => setImporting(true)}>
              {t('import')}
            </Button>
            <Dropdown
              trigger={['click']}
              disabled={!mayEdit}
              menu={{
                items: [
                  { key: 'wizard', label: t('newWizard') },
                  { key: 'script', label: t('newScript') },
                ],
                onClick: ({ key }) =>
                  void navigate(
                    key === 'script'
                      ? {
                          to: '/projects/$project/new-script',
                          params: { project },
                          search: { folder: folder ?? '' },
                        }
                      : {
                          to: '/projects/$project/new-job',
                          params: { project },
                          search: { folder: folder ?? '' },
                        },
                  ),
              }}
            >
              <Button type="primary" icon={<PlusOutlined />}>
                {t('new')}
              </Button>
            </Dropdown>
          </>
        }
      />
      <Flex gap={24} align="start">
        <Folders
          project={project}
          chosen={folder}
          onChoose={(path) => void navigate({ search: (known) => ({ ...known, folder: path }) })}
        />
        <div style={{ flex: 1, minWidth: 0 }}>
          <div className="filters">
            <Input.Search
              allowClear
              style={{ width: 280 }}
              aria-label={common('search')}
              placeholder={common('search')}
              defaultValue={search}
              onSearch={(text) =>
                void navigate({ search: (known) => ({ ...known, search: text || undefined }) })
              }
            />
          </div>
          <PagedTable
            rowKey="id"
            pages={pages}
            nothing={<Nothing text={search ? t('noneFound') : t('none')} />}
            columns={[
              {
                title: common('name'),
                dataIndex: 'name',
                render: (name: string, job) => (
                  <Link
                    to={
                      job.mode === 'wizard'
                        ? '/projects/$project/jobs/$job/wizard'
                        : '/projects/$project/jobs/$job/script'
                    }
                    params={{ project, job: job.id }}
                  >
                    {name}
                  </Link>
                ),
              },
              {
                title: t('way'),
                key: 'way',
                render: (_, job) => `${sideText(job.source)} → ${sideText(job.target)}`,
              },
              {
                title: t('mode'),
                dataIndex: 'mode',
                render: (mode: Schemas['JobMode']) => <Tag>{t(`modes.${mode}`)}</Tag>,
              },
              {
                title: t('published'),
                key: 'published',
                render: (_, job) =>
                  job.publishedVersion === null || job.publishedVersion === undefined
                    ? t('draftOnly')
                    : job.publishedVersion === job.draftVersion
                      ? t('versionLive', { version: job.publishedVersion })
                      : t('versionBehind', {
                          version: job.publishedVersion,
                          draft: job.draftVersion,
                        }),
              },
              { title: common('owner'), key: 'owner', render: (_, job) => job.owner.name },
              {
                title: common('updated'),
                dataIndex: 'updatedAt',
                render: (at: string) => <Ago at={at} />,
              },
              {
                title: common('actions'),
                key: 'actions',
                render: (_, job) => (
                  <Space size={0}>
                    <Button
                      type="link"
                      size="small"
                      disabled={!mayRun}
                      aria-label={`${t('run')} ${job.name}`}
                      onClick={() => setRunning(job.id)}
                    >
                      {t('run')}
                    </Button>
                    <Button
                      type="link"
                      size="small"
                      danger
                      disabled={!mayEdit}
                      aria-label={`${common('delete')} ${job.name}`}
                      onClick={() =>
                        void modal.confirm({
                          title: t('deleteTitle', { name: job.name }),
                          content: t('deleteHelp'),
                          okText: common('delete'),
                          okButtonProps: { danger: true },
                          cancelText: common('cancel'),
                          onOk: () => remove.mutate(job.id),
                        })
                      }
                    >
                      {common('delete')}
                    </Button>
                  </Space>
                ),
              },
            ]}
          />
        </div>
      </Flex>
      {running === null ? null : (
        <RunDialog project={project} job={running} onClose={() => setRunning(null)} />
      )}
      {isImporting ? (
        <ImportJobs project={project} folder={folder ?? ''} onClose={() => setImporting(false)} />
      ) : null}
    </div>
  );
}

function sideText(side: Schemas['JobSide'] | null | undefined): string {
  return side ? [side.datasource ?? side.connector, side.table].filter(Boolean).join('.') : '?';
}
