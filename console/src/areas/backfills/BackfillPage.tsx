import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, Flex, Progress, Select, Skeleton, Tooltip } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useMembers } from '@/api/choices';
import { useChange, useRead } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { count } from '@/lib/format';
import { gravest } from '@/lib/states';
import { Failure } from '@/ui/Failure';
import { Moment } from '@/ui/Moment';
import { PageTitle } from '@/ui/PageTitle';
import { RunState, toneOf } from '@/ui/RunState';
import { StateIcon } from '@/ui/StateTag';
import { useAsk } from '@/ui/useAsk';
import { Calendar } from './Calendar';
import { JobName } from './JobName';

const route = getRouteApi('/projects/$project/backfills/$backfill');
const OVER = ['succeeded', 'failed', 'stopped', 'skipped'];

/** How far a backfill is, day by day. */
export function BackfillPage() {
  const { t } = useTranslation('backfills');
  const askFirst = useAsk();
  const { project, backfill: id } = route.useParams();
  const [job, setJob] = useState<string | null>(null);
  const mayOperate = useMay('backfillOperate');
  const members = useMembers(project);
  const params = { path: { project, backfill: id } };
  const key = ['backfills', project, 'one', id];
  const found = useRead({
    key,
    every: 3_000,
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects/{project}/backfills/{backfill}', { params, signal })),
  });
  const refresh = [
    ['backfills', project],
    ['instances', project],
  ];
  const pause = useChange({
    refresh,
    done: t('paused'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/backfills/{backfill}/pause', { params })),
  });
  const resume = useChange({
    refresh,
    done: t('resumed'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/backfills/{backfill}/resume', { params })),
  });
  const stop = useChange({
    refresh,
    done: t('stopped'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/backfills/{backfill}/stop', { params })),
  });
  const days = useMemo(() => daysOf(found.data?.days ?? [], job), [found.data, job]);
  if (found.error) {
    return (
      <div className="page">
        <Failure
          message={found.error.message}
          hint={found.error.hint}
          requestId={found.error.requestId}
          onRetry={() => void found.refetch()}
        />
      </div>
    );
  }
  const it = found.data;
  if (!it || it.id !== id) return <Skeleton active className="page late" />;
  const total = sum(it.states);
  const over = OVER.reduce((done, state) => done + (it.states[state] ?? 0), 0);
  const isLive = it.state === 'running' || it.state === 'paused';
  const isBusy = pause.isPending || resume.isPending || stop.isPending;
  const starter = members.data?.items.find((member) => member.accountId === it.createdBy)?.name;
  return (
    <div className="page">
      <PageTitle
        title={t('backfillOf', { from: it.spec.from, to: it.spec.to })}
        beside={<RunState state={it.state} />}
        actions={
          isLive ? (
            <Tooltip title={mayOperate ? undefined : t('mayNot')}>
              <span style={{ display: 'contents' }}>
                {it.state === 'paused' ? (
                  <Button disabled={!mayOperate || isBusy} onClick={() => resume.mutate()}>
                    {t('resume')}
                  </Button>
                ) : (
                  <Button disabled={!mayOperate || isBusy} onClick={() => pause.mutate()}>
                    {t('pause')}
                  </Button>
                )}
                <Button
                  danger
                  disabled={!mayOperate || isBusy}
                  onClick={() =>
                    askFirst({
                      title: t('stopTitle'),
                      help: t('stopHelp', { count: total - over }),
                      ok: t('stop'),
                      act: () => stop.mutateAsync(),
                    })
                  }
                >
                  {t('stop')}
                </Button>
              </span>
            </Tooltip>
          ) : null
        }
      />
      <p className="hint">
        {t(`orders.${it.spec.order}`)} · {t('inGroups', { count: it.spec.groups })} ·{' '}
        {t('startedBy')} {starter ?? it.createdBy} · <Moment at={it.createdAt} />
      </p>
      <Progress
        aria-label={t('progress')}
        percent={total === 0 ? 0 : Math.floor((over / total) * 100)}
        status={it.states.failed ? 'exception' : isLive ? 'active' : 'normal'}
        format={() => `${count(over)} / ${count(total)}`}
        style={{ maxWidth: 720 }}
      />
      <Flex gap={8} wrap align="center" style={{ margin: '12px 0 16px' }}>
        {Object.entries(it.states).map(([state, number]) => (
          <Link
            key={state}
            to="/projects/$project/schedules/instances"
            params={{ project }}
            search={{ backfill: id, state }}
          >
            <RunState state={state} /> {count(number)}
          </Link>
        ))}
        {it.spec.jobs.length > 1 ? (
          <Select
            aria-label={t('jobs')}
            style={{ width: 240 }}
            allowClear
            placeholder={t('allJobs')}
            value={job}
            options={it.spec.jobs.map((value) => ({
              value,
              label: <JobName project={project} job={value} />,
            }))}
            onChange={(value: string | undefined) => setJob(value ?? null)}
          />
        ) : (
          <JobName project={project} job={it.spec.jobs[0] ?? ''} />
        )}
      </Flex>
      <Calendar from={it.spec.from} to={it.spec.to}>
        {(date) => (
          <Day project={project} backfill={id} date={date} states={days.get(date)} job={job} />
        )}
      </Calendar>
    </div>
  );
}

interface DayProps {
  project: string;
  backfill: string;
  job: string | null;
  date: string;
  states: Record<string, number> | undefined;
}

/** A day with its gravest state and how much of it is done; it leads to its instances. */
function Day({ project, backfill, job, date, states }: DayProps) {
  const { t } = useTranslation('backfills');
  const { t: words } = useTranslation('states');
  const number = Number(date.slice(8));
  if (!states) return <span className="calendar-day">{number}</span>;
  const state = gravest(Object.keys(states));
  const name = toneOf(state);
  const total = sum(states);
  const label = t('dayIs', {
    date,
    state: words(state, { defaultValue: state }),
    done: states.succeeded ?? 0,
    total,
  });
  return (
    <Link
      className="calendar-day"
      to="/projects/$project/schedules/instances"
      params={{ project }}
      search={{ backfill, bizdate: date, job: job ?? undefined }}
      style={{ color: `var(--${name})`, background: `var(--${name}-bg)` }}
      aria-label={label}
      title={label}
    >
      {number}
      <small aria-hidden>
        <StateIcon tone={name} /> {total > 1 ? `${states.succeeded ?? 0}/${total}` : null}
      </small>
    </Link>
  );
}

function sum(states: Record<string, number>): number {
  return Object.values(states).reduce((total, number) => total + number, 0);
}

/** The states of each day, of one job or of all together. */
function daysOf(progress: readonly Schemas['DayProgress'][], job: string | null) {
  const days = new Map<string, Record<string, number>>();
  for (const { bizdate, jobId, states } of progress) {
    if (job !== null && job !== jobId) continue;
    const known = days.get(bizdate) ?? {};
    for (const [state, number] of Object.entries(states)) {
      known[state] = (known[state] ?? 0) + number;
    }
    days.set(bizdate, known);
  }
  return days;
}
