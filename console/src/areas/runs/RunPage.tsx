import { getRouteApi, Link } from '@tanstack/react-router';
import { Progress, Skeleton, Tabs } from 'antd';
import { useTranslation } from 'react-i18next';
import { useJob } from '@/api/choices';
import { bytes, count, duration } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';
import { Tile } from '@/ui/Tile';
import { Channels } from './Channels';
import { Configuration } from './Configuration';
import { DirtyRows } from './DirtyRows';
import { Events } from './Events';
import { FailureCard } from './FailureCard';
import { RunActions } from './RunActions';
import { RunLog } from './RunLog';
import { tookSeconds } from './took';
import { Throughput } from './Throughput';
import { useRun } from './useRun';
import { Waits } from './Waits';

const route = getRouteApi('/projects/$project/runs/$run');

/** One run, live: what it does, how far it is, and what went wrong. */
export function RunPage() {
  const { t } = useTranslation('runs');
  const { t: states } = useTranslation('states');
  const { project, run: id } = route.useParams();
  const { tab = 'log', find = '', level } = route.useSearch();
  const navigate = route.useNavigate();
  const run = useRun(project, id);
  const it = run.data?.id === id ? run.data : undefined;
  const set = (change: Partial<ReturnType<typeof route.useSearch>>) =>
    void navigate({ search: (known) => ({ ...known, ...change }), replace: true });
  if (run.error && !it) {
    return (
      <div className="page">
        <Failure
          message={run.error.message}
          hint={run.error.hint}
          requestId={run.error.requestId}
          onRetry={() => void run.refetch()}
        />
      </div>
    );
  }
  if (!it) return <Skeleton active className="page late" />;
  const isEnded = Boolean(it.endedAt);
  const seconds = tookSeconds(it);
  const { progress } = it;
  return (
    <div className="page">
      <PageTitle
        title={`${t('runNumber', { number: it.number })} · ${it.jobName}`}
        beside={
          <>
            <RunState state={it.state} />
            <span>{states(it.kind, { defaultValue: it.kind })}</span>
            <span>
              {t('bizdate')} <span className="code">{it.bizdate}</span>
            </span>
            <span>{t('attemptNumber', { attempt: it.attempt })}</span>
            <Origins project={project} job={it.jobId} instance={it.instanceId} />
          </>
        }
        actions={<RunActions project={project} run={it} />}
      />
      <FailureCard
        run={it}
        onShowLog={() => set({ tab: 'log', level: 'error', find: undefined })}
        onShowDirty={() => set({ tab: 'dirty' })}
      />
      {isEnded || !progress ? null : (
        <Progress
          aria-label={t('progress')}
          percent={Math.floor((progress.fraction ?? 0) * 100)}
          status="active"
          style={{ marginBottom: 16 }}
        />
      )}
      <div className={isEnded ? 'tiles fill' : 'tiles six'}>
        <Tile title={t('rowsRead')} value={count(it.rowsRead)} />
        <Tile title={t('rowsWritten')} value={count(it.rowsWritten)} />
        <Tile title={t('dirty')} value={count(it.rowsDirty)} />
        <Tile title={t('bytes')} value={bytes(it.bytes)} />
        <Tile title={t('took')} value={seconds === null ? '–' : duration(seconds)} />
        {isEnded ? null : (
          <Tile
            title={t('remaining')}
            value={
              progress?.etaSeconds === null || progress?.etaSeconds === undefined
                ? '–'
                : duration(progress.etaSeconds)
            }
          />
        )}
      </div>
      <Throughput project={project} run={id} isEnded={isEnded} />
      <Waits run={it} />
      <Tabs
        destroyOnHidden
        activeKey={tab}
        onChange={(key) => set({ tab: key })}
        items={[
          {
            key: 'log',
            label: t('log'),
            children: (
              <RunLog
                key={id}
                project={project}
                run={it}
                search={find}
                level={level ?? null}
                onFilter={set}
              />
            ),
          },
          {
            key: 'channels',
            label: t('channels'),
            children: <Channels run={it} />,
          },
          {
            key: 'dirty',
            label: t('dirtyCount', { count: it.rowsDirty, shown: count(it.rowsDirty) }),
            children: <DirtyRows project={project} run={it} />,
          },
          {
            key: 'variables',
            label: t('variables'),
            children: <Variables variables={it.variables} />,
          },
          {
            key: 'configuration',
            label: t('configuration'),
            children: <Configuration project={project} run={it} />,
          },
          { key: 'events', label: t('events'), children: <Events project={project} run={it} /> },
        ]}
      />
    </div>
  );
}

/** Where the run comes from: its job, and its instance if a schedule or a backfill made it. */
function Origins(props: { project: string; job: string; instance: string | null | undefined }) {
  const { t } = useTranslation('runs');
  const { project, job: id, instance } = props;
  const job = useJob(project, id);
  return (
    <>
      {job.data && job.data.id === id ? (
        <Link
          to={
            job.data.mode === 'wizard'
              ? '/projects/$project/jobs/$job/wizard'
              : '/projects/$project/jobs/$job/script'
          }
          params={{ project, job: id }}
        >
          {t('openJob')}
        </Link>
      ) : null}
      {instance ? (
        <Link to="/projects/$project/schedules/instances/$instance" params={{ project, instance }}>
          {t('openInstance')}
        </Link>
      ) : null}
    </>
  );
}

function Variables({ variables }: { variables: Record<string, unknown> }) {
  const { t } = useTranslation('runs');
  const entries = Object.entries(variables);
  if (entries.length === 0) return <p>{t('noVariables')}</p>;
  return (
    <dl className="resolved">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt className="code">{name}</dt>
          <dd className="code">{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
