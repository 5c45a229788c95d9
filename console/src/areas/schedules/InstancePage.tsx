import { getRouteApi, Link } from '@tanstack/react-router';
import { Alert, Breadcrumb, Skeleton, Table, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRunsOf } from '@/api/choices';
import { useRead } from '@/api/hooks';
import { duration } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';
import { InstanceButtons } from './InstanceActions';
import { Neighbours } from './Neighbours';
import { WaitList } from './WaitList';

const route = getRouteApi('/projects/$project/schedules/instances/$instance');

/** One cycle of a job: why it waits, what it waits for, what waits for it, and its runs. */
export function InstancePage() {
  const { t } = useTranslation('schedules');
  const { project, instance: id } = route.useParams();
  const params = { path: { project, instance: id } };
  const every = 5_000;
  const instance = useRead({
    key: ['instances', project, 'one', id],
    every,
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects/{project}/instances/{instance}', { params, signal })),
  });
  const upstream = useRead({
    key: ['instances', project, 'upstream', id],
    every,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/instances/{instance}/upstream', { params, signal }),
      ),
  });
  const downstream = useRead({
    key: ['instances', project, 'downstream', id],
    every,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/instances/{instance}/downstream', {
          params,
          signal,
        }),
      ),
  });
  if (instance.error) {
    return (
      <div className="page">
        <Failure
          message={instance.error.message}
          hint={instance.error.hint}
          requestId={instance.error.requestId}
          onRetry={() => void instance.refetch()}
        />
      </div>
    );
  }
  const it = instance.data;
  if (!it || it.id !== id) return <Skeleton active className="page late" />;
  return (
    <div className="page">
      <Breadcrumb
        items={[
          {
            title: (
              <Link to="/projects/$project/schedules/instances" params={{ project }}>
                {t('tabs.instances')}
              </Link>
            ),
          },
          { title: it.jobName },
        ]}
      />
      <PageTitle
        title={t('instance', { job: it.jobName, cycle: it.cycleAt.replace('T', ' ') })}
        beside={
          <>
            <RunState state={it.state} />
            {it.isFrozen ? <Tag>{t('frozen')}</Tag> : null}
            {it.isDryRun ? <Tag>{t('dryRun')}</Tag> : null}
            <span>
              {t('bizdate')} <span className="code">{it.bizdate}</span>
            </span>
          </>
        }
        actions={<InstanceButtons project={project} instance={it} />}
      />
      {it.message ? (
        <Alert
          style={{ marginBottom: 16 }}
          type={it.state === 'failed' ? 'error' : 'info'}
          showIcon
          title={it.message}
        />
      ) : null}
      {it.waitsFor.length > 0 ? <WaitList project={project} waits={it.waitsFor} /> : null}
      <dl className="resolved facts">
        <Fact name={t('due')} value={<Moment at={it.dueAt} />} />
        <Fact name={t('startedAt')} value={it.startedAt ? <Moment at={it.startedAt} /> : '–'} />
        <Fact name={t('endedAt')} value={it.endedAt ? <Moment at={it.endedAt} /> : '–'} />
        <Fact name={t('attempts')} value={it.attempts} />
        {it.backfillId ? (
          <Fact
            name={t('ofBackfill')}
            value={
              <Link
                to="/projects/$project/backfills/$backfill"
                params={{ project, backfill: it.backfillId }}
              >
                {t('backfill')}
              </Link>
            }
          />
        ) : null}
      </dl>
      <div className="halves">
        <Neighbours
          title={t('upstream')}
          nothing={t('noUpstream')}
          project={project}
          isPending={upstream.isPending}
          rows={(upstream.data ?? []).map((row) => ({
            id: row.instanceId ?? null,
            job: row.jobName,
            cycleAt: row.cycleAt,
            state: row.state ?? null,
          }))}
        />
        <Neighbours
          title={t('downstream')}
          nothing={t('noDownstream')}
          project={project}
          isPending={downstream.isPending}
          rows={(downstream.data ?? []).map((row) => ({
            id: row.id,
            job: row.jobName,
            cycleAt: row.cycleAt,
            state: row.state,
          }))}
        />
      </div>
      <Runs project={project} instance={id} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Runs({ project, instance }: { project: string; instance: string }) {
  const { t } = useTranslation('schedules');
  const runs = useRunsOf(project, instance);
  return (
    <section aria-label={t('runsOf')}>
      <h2>{t('runsOf')}</h2>
      <Table<Schemas['Run']>
        size="small"
        rowKey="id"
        pagination={false}
        loading={runs.isPending}
        dataSource={runs.data?.items ?? []}
        locale={{ emptyText: <Nothing text={t('noRuns')} /> }}
        columns={[
          {
            title: t('run'),
            key: 'run',
            render: (_, run) => (
              <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
                #{run.number}
              </Link>
            ),
          },
          {
            title: t('state'),
            dataIndex: 'state',
            render: (state: string) => <RunState state={state} />,
          },
          {
            title: t('startedAt'),
            dataIndex: 'startedAt',
            render: (at: string | null) => (at ? <Moment at={at} /> : '–'),
          },
          {
            title: t('endedAt'),
            key: 'endedAt',
            render: (_, { startedAt, endedAt }) =>
              endedAt ? (
                <>
                  <Moment at={endedAt} />
                  {startedAt
                    ? ` (${duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000)})`
                    : null}
                </>
              ) : (
                '–'
              ),
          },
          { title: t('message'), key: 'message', render: (_, run) => run.error?.message ?? '' },
        ]}
      />
    </section>
  );
}
