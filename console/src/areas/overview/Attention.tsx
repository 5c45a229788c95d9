import { Link } from '@tanstack/react-router';
import { Flex, Space } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { count } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { StateTag, type Tone } from '@/ui/StateTag';
import { useAttention } from './useAttention';

interface Props {
  project: string;
  /** Those of the last day. */
  runs: readonly Schemas['Run'][];
}

interface Item {
  key: string;
  tone: Tone;
  sort: string;
  name: string;
  text: ReactNode;
  action: ReactNode;
}

const MOST_SHOWN = 12;

/** What somebody should look at, each with the way to it. */
export function Attention({ project, runs }: Props) {
  const { t } = useTranslation('overview');
  const found = useAttention(project);
  const { failed, down, late, untold, isPending, error } = found;
  const dirty = perJob(runs.filter((run) => run.rowsDirty > 0 && run.state === 'succeeded'));
  const items: Item[] = [
    ...failed.map(({ id, name, lastRun }) => ({
      key: `failed ${id}`,
      tone: 'failed' as const,
      sort: t('lastRunFailed'),
      name,
      text: lastRun?.endedAt ? <Ago at={lastRun.endedAt} /> : null,
      action: lastRun ? (
        <Link to="/projects/$project/runs/$run" params={{ project, run: lastRun.id }}>
          {t('seeWhy', { number: lastRun.number })}
        </Link>
      ) : null,
    })),
    ...perJob(late).map((instance) => ({
      key: `late ${instance.id}`,
      tone: 'warning' as const,
      sort: t('late'),
      name: instance.jobName,
      text: (
        <>
          {t('due')} <Ago at={instance.dueAt} />
          {instance.message ? ` · ${instance.message}` : null}
        </>
      ),
      action: (
        <Link to="/projects/$project/runs" params={{ project }} search={{ job: instance.jobId }}>
          {t('runsOfJob')}
        </Link>
      ),
    })),
    ...down.map((datasource) => ({
      key: `down ${datasource.id}`,
      tone: 'failed' as const,
      sort: t('testFailed'),
      name: datasource.name,
      text: datasource.testedAt ? <Ago at={datasource.testedAt} /> : null,
      action: (
        <Link
          to="/projects/$project/datasources/$datasource"
          params={{ project, datasource: datasource.id }}
        >
          {t('openSource')}
        </Link>
      ),
    })),
    ...dirty.map((run) => ({
      key: `dirty ${run.id}`,
      tone: 'warning' as const,
      sort: t('dirty'),
      name: run.jobName,
      text: t('dirtyOf', { dirty: count(run.rowsDirty), read: count(run.rowsRead) }),
      action: (
        <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
          {t('seeRows', { number: run.number })}
        </Link>
      ),
    })),
    ...untold.map((alert) => ({
      key: `untold ${alert.id}`,
      tone: 'failed' as const,
      sort: t('untold'),
      name: alert.message.channel.name,
      text: alert.error,
      action: (
        <Link
          to="/projects/$project/alerts"
          params={{ project }}
          search={{ tab: 'history', state: 'failed' }}
        >
          {t('seeAlerts')}
        </Link>
      ),
    })),
  ];
  if (error) {
    return (
      <Failure
        message={error.message}
        hint={error.hint}
        requestId={error.requestId}
        onRetry={found.again}
      />
    );
  }
  if (items.length === 0) {
    return isPending ? <Loading rows={4} /> : <Nothing text={t('allWell')} />;
  }
  return (
    <>
      <ul className="attention">
        {items.slice(0, MOST_SHOWN).map((item) => (
          <li key={item.key}>
            <Flex justify="space-between" gap={12}>
              <Space wrap size={[8, 4]}>
                <StateTag tone={item.tone}>{item.sort}</StateTag>
                <strong>{item.name}</strong>
                {item.text ? <span>{item.text}</span> : null}
              </Space>
              <span style={{ flex: 'none' }}>{item.action}</span>
            </Flex>
          </li>
        ))}
      </ul>
      {items.length > MOST_SHOWN ? (
        <p>{t('further', { count: items.length - MOST_SHOWN })}</p>
      ) : null}
    </>
  );
}

/** The first that there is of each job; the lists begin with the latest. */
function perJob<T extends { jobId: string }>(items: readonly T[]): T[] {
  const jobs = new Map<string, T>();
  for (const item of items) {
    if (!jobs.has(item.jobId)) jobs.set(item.jobId, item);
  }
  return [...jobs.values()];
}
