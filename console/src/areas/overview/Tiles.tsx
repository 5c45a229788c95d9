import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { bytes, count } from '@/lib/format';
import { dateIn } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';
import { RunState } from '@/ui/RunState';
import { Tile } from '@/ui/Tile';
import type { LastDay } from './useLastDay';

const STATES = ['running', 'queued', 'succeeded', 'failed', 'stopped'];

interface Props {
  project: string;
  day: LastDay;
  children: ReactNode;
}

/** Figures of the last day; those of runs lead to the runs. */
export function Tiles({ project, day, children }: Props) {
  const { t } = useTranslation('overview');
  const { t: states } = useTranslation('states');
  const { zone } = usePreferences();
  const { runs } = day;
  const from = dateIn(zone, -1, day.now);
  const sum = (field: 'rowsWritten' | 'rowsDirty' | 'bytes') =>
    runs.reduce((total, run) => total + run[field], 0);
  return (
    <>
      <div className="tiles fill">
        {STATES.map((state) => {
          const amount = runs.filter((run) => run.state === state).length;
          const name = states(state as 'failed');
          return (
            <Link
              key={state}
              className="tile"
              to="/projects/$project/runs"
              params={{ project }}
              // What waits has not started on any day.
              search={state === 'queued' ? { state } : { state, from }}
              aria-label={t('runsOf', { count: amount, state: name })}
            >
              <div className="tile-title">
                <RunState state={state} />
              </div>
              <div className="tile-value">{count(amount)}</div>
            </Link>
          );
        })}
      </div>
      <div className="tiles fill">
        <Tile title={t('rowsWritten')} value={count(sum('rowsWritten'))} />
        <Tile title={t('bytesRead')} value={bytes(sum('bytes'))} />
        <Tile title={t('dirtyRows')} value={count(sum('rowsDirty'))} />
        {children}
      </div>
    </>
  );
}

/** The servers that take runs; for administrators of the instance, who alone see them. */
export function ServersTile({ project }: { project: string }) {
  const { t } = useTranslation('overview');
  const servers = useRead({
    key: ['servers', 'short'],
    every: 15_000,
    read: (signal) =>
      unwrap(client.GET('/api/v1/servers', { params: { query: { limit: 500 } }, signal })),
  });
  if (!servers.data) return null;
  const { items } = servers.data;
  const ready = items.filter((server) => server.isAlive && !server.isDraining).length;
  const value = `${ready} / ${items.length}`;
  return (
    <Link
      className="tile"
      to="/projects/$project/groups"
      params={{ project }}
      aria-label={`${t('serversReady')}: ${value}`}
    >
      <div className="tile-title">{t('serversReady')}</div>
      <div className="tile-value">{value}</div>
    </Link>
  );
}
