import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { App, Button, Dropdown, Progress, Spin, Tabs } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { bytes, count, duration } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';
import { Tile } from '@/ui/Tile';
import { Channels } from './Channels';
import { DirtyRows } from './DirtyRows';
import { RunLog } from './RunLog';
import { tookSeconds } from './RunsPage';
import { Throughput } from './Throughput';
import { useRun } from './useRun';

const route = getRouteApi('/projects/$project/runs/$run');

/** One run, live: what it does, how far it is, and what went wrong. */
export function RunPage() {
  const { t } = useTranslation('runs');
  const { modal } = App.useApp();
  const { project, run: id } = route.useParams();
  const navigate = useNavigate();
  const path = { project, run: id };
  const run = useRun(project, id);
  const refresh = [
    ['runs', project, 'one', id],
    ['runs', project, 'list'],
  ];
  const stop = useChange({
    refresh,
    done: t('stopping'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/runs/{run}/stop', { params: { path } })),
  });
  const resume = useChange({
    refresh,
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/runs/{run}/resume', { params: { path } })),
  });
  const mark = useChange({
    refresh,
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/runs/{run}/mark-succeeded', { params: { path } }),
      ),
  });
  const rerun = useChange({
    refresh,
    change: (version: 'same' | 'current') =>
      unwrap(
        client.POST('/api/v1/projects/{project}/runs/{run}/rerun', {
          params: { path },
          body: { version },
        }),
      ),
    onDone: (started) =>
      void navigate({
        to: '/projects/$project/runs/$run',
        params: { project, run: started.id },
      }),
  });
  if (run.error) {
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
  if (!run.data) return <Spin style={{ margin: 48 }} />;
  const it = run.data;
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
            <span>
              {t('bizdate')} <span className="code">{it.bizdate}</span>
            </span>
            <span>{t('attemptNumber', { attempt: it.attempt })}</span>
          </>
        }
        actions={
          isEnded ? (
            <>
              {it.error?.resumable ? (
                <Button loading={resume.isPending} onClick={() => resume.mutate()}>
                  {t('resume')}
                </Button>
              ) : null}
              {it.state === 'succeeded' ? null : (
                <Button
                  onClick={() =>
                    void modal.confirm({
                      title: t('markTitle', { number: it.number }),
                      content: t('markHelp'),
                      okText: t('mark'),
                      onOk: () => mark.mutate(),
                    })
                  }
                >
                  {t('mark')}
                </Button>
              )}
              <Dropdown.Button
                type="primary"
                onClick={() => rerun.mutate('same')}
                menu={{
                  items: [{ key: 'current', label: t('rerunCurrent') }],
                  onClick: () => rerun.mutate('current'),
                }}
              >
                {t('rerun')}
              </Dropdown.Button>
            </>
          ) : (
            <Button danger loading={stop.isPending || it.isStopping} onClick={() => stop.mutate()}>
              {t('stop')}
            </Button>
          )
        }
      />
      {it.error ? (
        <div style={{ marginBottom: 16 }}>
          <Failure message={it.error.message} hint={it.error.hint} />
        </div>
      ) : null}
      {isEnded || !progress ? null : (
        <Progress
          aria-label={t('progress')}
          percent={Math.floor((progress.fraction ?? 0) * 100)}
          status="active"
          style={{ marginBottom: 16 }}
        />
      )}
      <div className="tiles">
        <Tile title={t('rowsRead')} value={count(it.rowsRead)} />
        <Tile title={t('rowsWritten')} value={count(it.rowsWritten)} />
        <Tile title={t('dirty')} value={count(it.rowsDirty)} />
        <Tile title={t('bytes')} value={bytes(it.bytes)} />
        <Tile title={t('took')} value={seconds === null ? '–' : duration(seconds)} />
        <Tile
          title={t('remaining')}
          value={
            isEnded || progress?.etaSeconds === null || progress?.etaSeconds === undefined
              ? '–'
              : duration(progress.etaSeconds)
          }
        />
      </div>
      <Throughput project={project} run={id} isEnded={isEnded} />
      <Tabs
        destroyOnHidden
        items={[
          { key: 'log', label: t('log'), children: <RunLog project={project} run={it} /> },
          {
            key: 'dirty',
            label: t('dirtyCount', { count: it.rowsDirty }),
            children: <DirtyRows project={project} run={id} />,
          },
          { key: 'channels', label: t('channels'), children: <Channels report={it.report} /> },
          {
            key: 'variables',
            label: t('variables'),
            children: (
              <dl className="resolved">
                {Object.entries(it.variables).map(([name, value]) => (
                  <div key={name}>
                    <dt className="code">{name}</dt>
                    <dd className="code">{String(value)}</dd>
                  </div>
                ))}
              </dl>
            ),
          },
          {
            key: 'configuration',
            label: t('configuration'),
            children: (
              <pre className="code script" tabIndex={0} aria-label={t('configuration')}>
                {it.document}
              </pre>
            ),
          },
        ]}
      />
    </div>
  );
}
