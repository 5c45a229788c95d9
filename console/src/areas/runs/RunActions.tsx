import { useNavigate } from '@tanstack/react-router';
import { Button, Dropdown, Space, Tooltip } from 'antd';
import { DownOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useProject } from '@/areas/frame/project';
import { useAsk } from '@/ui/useAsk';
import { isPossible, operate, rightFor } from './operate';

interface Props {
  project: string;
  run: Schemas['RunDetail'];
}

/** What can be done with a run in its present state; what the reader may not do says so. */
export function RunActions({ project, run }: Props) {
  const { t } = useTranslation('runs');
  const askFirst = useAsk();
  const navigate = useNavigate();
  const rights = new Set(useProject().data?.rights ?? []);
  const refresh = [
    ['runs', project, 'one', run.id],
    ['runs', project, 'list'],
    ['instances', project],
  ];
  const stop = useChange({
    refresh,
    done: t('stopping'),
    change: () => operate(project, 'stop', run),
  });
  const mark = useChange({
    refresh,
    done: t('marked'),
    change: () => operate(project, 'mark', run),
  });
  const resume = useChange({
    refresh,
    done: t('resumed'),
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/runs/{run}/resume', {
          params: { path: { project, run: run.id } },
        }),
      ),
  });
  const rerun = useChange({
    refresh,
    done: run.instanceId ? t('rerunInstance') : undefined,
    change: (version: Schemas['RerunVersion']) => operate(project, 'rerun', run, version),
    onDone: (started) => {
      if (started) {
        void navigate({
          to: '/projects/$project/runs/$run',
          params: { project, run: started.id },
        });
      } else if (run.instanceId) {
        void navigate({
          to: '/projects/$project/schedules/instances/$instance',
          params: { project, instance: run.instanceId },
        });
      }
    },
  });
  const isBusy = [stop, mark, resume, rerun].some((it) => it.isPending);
  const may = (right: string) => rights.has(right);
  const reason = (right: string) => (may(right) ? undefined : t('mayNot'));
  const rerunRight = rightFor('rerun', run);
  const resumeRight = run.kind === 'trial' ? 'runsTrial' : 'runsRerun';
  const stopRight = rightFor('stop', run);
  if (!run.endedAt) {
    return (
      <Tooltip title={reason(stopRight)}>
        <Button
          danger
          disabled={!may(stopRight)}
          loading={stop.isPending || run.isStopping}
          onClick={() =>
            askFirst({
              title: t('stopTitle', { number: run.number }),
              help: t('stopHelp'),
              ok: t('stop'),
              act: () => stop.mutateAsync(),
            })
          }
        >
          {run.isStopping ? t('isStopping') : t('stop')}
        </Button>
      </Tooltip>
    );
  }
  return (
    <>
      {run.error?.resumable || run.state === 'stopped' ? (
        <Tooltip title={reason(resumeRight)}>
          <Button
            disabled={!may(resumeRight) || isBusy}
            loading={resume.isPending}
            onClick={() => resume.mutate()}
          >
            {t('resume')}
          </Button>
        </Tooltip>
      ) : null}
      {isPossible('mark', run) ? (
        <Tooltip title={reason('runsMark')}>
          <Button
            disabled={!may('runsMark') || isBusy}
            loading={mark.isPending}
            onClick={() =>
              askFirst({
                title: t('markTitle', { number: run.number }),
                help: t('markHelp'),
                ok: t('mark'),
                act: () => mark.mutate(),
                isSafe: true,
              })
            }
          >
            {t('mark')}
          </Button>
        </Tooltip>
      ) : null}
      {isPossible('rerun', run) ? (
        <Tooltip title={reason(rerunRight)}>
          <Space.Compact>
            <Button
              type="primary"
              disabled={!may(rerunRight) || isBusy}
              loading={rerun.isPending}
              onClick={() => rerun.mutate('same')}
            >
              {rerun.isPending ? t('starting') : t('rerun')}
            </Button>
            {run.instanceId ? null : (
              <Dropdown
                trigger={['click']}
                disabled={!may(rerunRight) || isBusy}
                menu={{
                  items: [
                    { key: 'same', label: t('rerunSame', { version: run.jobVersion }) },
                    { key: 'current', label: t('rerunCurrent') },
                  ],
                  onClick: ({ key }) => rerun.mutate(key === 'current' ? 'current' : 'same'),
                }}
              >
                <Button type="primary" icon={<DownOutlined />} aria-label={t('rerunHow')} />
              </Dropdown>
            )}
          </Space.Compact>
        </Tooltip>
      ) : null}
    </>
  );
}
