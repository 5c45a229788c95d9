import { Link } from '@tanstack/react-router';
import { Skeleton, Timeline } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useMembers, useRunsOf } from '@/api/choices';
import { useRead } from '@/api/hooks';
import { Moment } from '@/ui/Moment';
import { RunState } from '@/ui/RunState';

interface Props {
  project: string;
  run: Schemas['RunDetail'];
}

interface Event {
  key: string;
  at: string;
  text: ReactNode;
}

/** What became of a run, from the queue on: with warnings and errors of its log, and with the runs that belong to it. */
export function Events({ project, run }: Props) {
  const { t } = useTranslation('runs');
  const members = useMembers(project);
  const siblings = useRunsOf(project, run.instanceId);
  const log = useRead({
    key: ['runs', project, 'warnings', run.id, Boolean(run.endedAt)],
    ...(run.endedAt ? {} : { every: 5_000 }),
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/log', {
          params: {
            path: { project, run: run.id },
            query: { level: 'warning', limit: 100 },
          },
          signal,
        }),
      ),
  });
  if (log.isPending) return <Skeleton active className="late" />;
  const by = members.data?.items.find((it) => it.accountId === run.createdBy)?.name;
  const link = (other: { id: string; number: number; state: string }, words: string) => (
    <>
      {words}{' '}
      <Link to="/projects/$project/runs/$run" params={{ project, run: other.id }}>
        #{other.number}
      </Link>{' '}
      <RunState state={other.state} />
    </>
  );
  const events: Event[] = [
    { key: 'queued', at: run.queuedAt, text: by ? t('queuedBy', { by }) : t('queued') },
  ];
  if (run.startedAt) {
    events.push({
      key: 'started',
      at: run.startedAt,
      text: run.server ? t('startedOn', { server: run.server }) : t('startedAtAll'),
    });
  }
  for (const [index, line] of (log.data?.lines ?? []).entries()) {
    events.push({
      key: `line${index}`,
      at: line.at,
      text: <span className={`log-line-text ${line.level}`}>{line.message}</span>,
    });
  }
  if (run.endedAt) {
    events.push({
      key: 'ended',
      at: run.endedAt,
      text: (
        <>
          {t('endedAs')} <RunState state={run.state} />
        </>
      ),
    });
  }
  for (const other of siblings.data?.items ?? []) {
    if (other.id === run.id) continue;
    const text = link(other, t('otherAttempt', { attempt: other.attempt }));
    events.push({ key: other.id, at: other.queuedAt, text });
  }
  const sorted = events.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return (
    <>
      <Timeline
        items={sorted.map(({ key, at, text }) => ({
          key,
          content: (
            <>
              <Moment at={at} /> · {text}
            </>
          ),
        }))}
      />
      {run.replays.map((replay) => (
        <p key={replay.id}>{link(replay, t('replayedBy'))}</p>
      ))}
      {run.originId ? (
        <p>
          {t('replayOf')}{' '}
          <Link to="/projects/$project/runs/$run" params={{ project, run: run.originId }}>
            {t('originRun')}
          </Link>
        </p>
      ) : null}
    </>
  );
}
