import { PlusOutlined } from '@ant-design/icons';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Button, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useMembers } from '@/api/choices';
import { usePages } from '@/api/pages';
import { useMay } from '@/areas/frame/project';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';
import { JobName } from './JobName';

const route = getRouteApi('/projects/$project/backfills');
const SHOWN = 3;

/** The backfills of a project, latest first. */
export function BackfillsPage() {
  const { t } = useTranslation('backfills');
  const { t: common } = useTranslation('common');
  const { project } = route.useParams();
  const navigate = useNavigate();
  const mayStart = useMay('backfillOperate');
  const members = useMembers(project);
  const nameOf = (account: string) =>
    members.data?.items.find((it) => it.accountId === account)?.name ?? account;
  const pages = usePages<Schemas['Backfill']>({
    key: ['backfills', project, 'list'],
    every: 5_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/backfills', {
          params: { path: { project }, query: { cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  const button = (
    <Tooltip title={mayStart ? undefined : t('mayNot')}>
      <Button
        type="primary"
        icon={<PlusOutlined />}
        disabled={!mayStart}
        onClick={() =>
          void navigate({ to: '/projects/$project/backfills/new', params: { project } })
        }
      >
        {t('new')}
      </Button>
    </Tooltip>
  );
  return (
    <div className="page">
      <PageTitle title={t('title')} actions={button} />
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={<Nothing text={t('none')}>{t('noneHint')}</Nothing>}
        columns={[
          {
            title: t('range'),
            key: 'range',
            render: (_, it) => (
              <Link
                className="code"
                to="/projects/$project/backfills/$backfill"
                params={{ project, backfill: it.id }}
              >
                {it.spec.from} – {it.spec.to}
              </Link>
            ),
          },
          {
            title: t('jobs'),
            key: 'jobs',
            render: (_, { spec }) => (
              <>
                {spec.jobs.slice(0, SHOWN).map((job, index) => (
                  <span key={job}>
                    {index > 0 ? ', ' : null}
                    <JobName project={project} job={job} />
                  </span>
                ))}
                {spec.jobs.length > SHOWN
                  ? ` ${t('andMore', { count: spec.jobs.length - SHOWN })}`
                  : null}
              </>
            ),
          },
          {
            title: common('state'),
            dataIndex: 'state',
            render: (state: string) => <RunState state={state} />,
          },
          {
            title: t('order'),
            key: 'order',
            responsive: ['xl'],
            render: (_, { spec }) => t(`orders.${spec.order}`),
          },
          {
            title: t('groups'),
            key: 'groups',
            className: 'number',
            render: (_, { spec }) => spec.groups,
          },
          { title: t('startedBy'), dataIndex: 'createdBy', render: nameOf },
          {
            title: common('created'),
            dataIndex: 'createdAt',
            render: (at: string) => <Moment at={at} />,
          },
          {
            title: t('ended'),
            dataIndex: 'endedAt',
            render: (at: string | null) => (at ? <Moment at={at} /> : '–'),
          },
        ]}
      />
    </div>
  );
}
