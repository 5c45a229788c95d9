import { getRouteApi, Link } from '@tanstack/react-router';
import { Flex, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { ListFilters } from '@/form/ListFilters';
import { duration } from '@/lib/format';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';
import { InstanceMenu } from './InstanceActions';
import { ScheduleTabs } from './ScheduleTabs';

const route = getRouteApi('/projects/$project/schedules/instances');

const STATES = [
  'waiting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'stopped',
  'skipped',
] as const;

/** The instances of schedules and backfills, latest made first. */
export function InstancesPage() {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (known) => ({ ...known, ...change }) });
  const pages = usePages<Schemas['Instance']>({
    key: ['instances', project, 'list', search],
    every: 5_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/instances', {
          params: { path: { project }, query: { ...search, cursor, limit: 100 } },
          signal,
        }),
      ),
  });
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <ScheduleTabs />
      <ListFilters project={project} search={search} states={STATES} onChange={set}>
        {search.backfill ? (
          <Tag
            closable
            style={{ alignSelf: 'center' }}
            onClose={() => set({ backfill: undefined })}
          >
            {t('ofBackfill')}
          </Tag>
        ) : null}
      </ListFilters>
      <PagedTable
        rowKey="id"
        size="small"
        pages={pages}
        nothing={<Nothing text={t('noInstancesFound')} />}
        columns={[
          {
            title: t('job'),
            key: 'job',
            render: (_, it) => (
              <Link
                to="/projects/$project/schedules/instances/$instance"
                params={{ project, instance: it.id }}
              >
                {it.jobName}
              </Link>
            ),
          },
          {
            title: t('cycleAt'),
            dataIndex: 'cycleAt',
            className: 'code',
            render: (at: string) => at.replace('T', ' '),
          },
          { title: t('bizdate'), dataIndex: 'bizdate', className: 'code' },
          {
            title: t('state'),
            key: 'state',
            render: (_, it) => (
              <Flex gap={4} wrap>
                <RunState state={it.state} />
                {it.isFrozen ? <Tag>{t('frozen')}</Tag> : null}
                {it.isDryRun ? <Tag>{t('dryRun')}</Tag> : null}
                {it.backfillId ? <Tag>{t('backfill')}</Tag> : null}
              </Flex>
            ),
          },
          {
            title: t('startedAt'),
            dataIndex: 'startedAt',
            render: (at: string | null) => (at ? <Moment at={at} /> : '–'),
          },
          {
            title: t('took'),
            key: 'took',
            responsive: ['xl'],
            className: 'number',
            render: (_, { startedAt, endedAt }) =>
              startedAt && endedAt
                ? duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000)
                : '–',
          },
          {
            title: t('attempts'),
            dataIndex: 'attempts',
            className: 'number',
            responsive: ['xxl'],
          },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, it) => <InstanceMenu project={project} instance={it} />,
          },
        ]}
      />
    </div>
  );
}
