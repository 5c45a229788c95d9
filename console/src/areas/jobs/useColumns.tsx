import { EllipsisOutlined } from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import { Button, Dropdown, Space, Tooltip, type TableColumnsType } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { removeJob } from '@/api/jobs';
import { inWords } from '@/lib/cycleWords';
import { Guarded } from '@/ui/Guarded';
import { Ago, Moment } from '@/ui/Moment';
import { usePreferences } from '@/ui/preferences';
import { RunState } from '@/ui/RunState';
import { useAsk } from '@/ui/useAsk';

export type RowAction = 'run' | 'history' | 'export';

type Job = Schemas['ListedJob'];

interface Props {
  project: string;
  mayEdit: boolean;
  mayStart: boolean;
  mayTry: boolean;
  onAct: (action: RowAction, job: Job) => void;
}

/** What the list tells of a job. */
export function useColumns(props: Props): TableColumnsType<Job> {
  const { project, mayEdit, mayStart, mayTry, onAct } = props;
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const { language } = usePreferences();
  const askFirst = useAsk();
  const remove = useChange({
    refresh: [
      ['jobs', project],
      ['folders', project],
    ],
    done: t('deleted'),
    change: (job: string) => removeJob(project, job),
  });

  function act(key: string, job: Job) {
    if (key !== 'delete') {
      onAct(key === 'history' ? 'history' : 'export', job);
      return;
    }
    askFirst({
      title: t('deleteTitle', { name: job.name }),
      help: t('deleteHelp'),
      act: () => remove.mutateAsync(job.id),
    });
  }

  function version({ publishedVersion: live, draftVersion: draft }: Job): string {
    if (live === null || live === undefined) return t('draftOnly');
    return live === draft
      ? t('versionLive', { version: live })
      : t('versionBehind', { version: live, draft });
  }

  return [
    {
      title: common('name'),
      dataIndex: 'name',
      render: (name: string, job) => (
        <div className="wrapped job-name">
          <Link
            to={
              job.mode === 'wizard'
                ? '/projects/$project/jobs/$job/wizard'
                : '/projects/$project/jobs/$job/script'
            }
            params={{ project, job: job.id }}
          >
            {name}
          </Link>
          <div className="quiet">
            {t(`modes.${job.mode}`)} · {version(job)}
          </div>
          {job.folder === '' ? null : <div className="quiet">{job.folder}</div>}
        </div>
      ),
    },
    {
      title: t('way'),
      key: 'way',
      render: (_, job) => (
        <>
          <Side side={job.source} arrow="" />
          <Side side={job.target} arrow="→ " />
        </>
      ),
    },
    {
      title: t('schedule'),
      key: 'schedule',
      render: (_, job) => {
        const { schedule } = job;
        if (!schedule || schedule.state === 'draft')
          return <span className="quiet">{t('noSchedule')}</span>;
        return (
          <>
            <div className="wrapped">{inWords(schedule.cron, schedule.inWords, language)}</div>
            {schedule.state === 'paused' ? (
              <div>
                <RunState state="paused" />
              </div>
            ) : schedule.nextDueAt ? (
              <div className="quiet wrapped">
                {t('next')} <Moment at={schedule.nextDueAt} />
              </div>
            ) : null}
          </>
        );
      },
    },
    {
      title: t('lastRun'),
      key: 'lastRun',
      render: (_, { lastRun }) =>
        lastRun ? (
          <>
            <Link to="/projects/$project/runs/$run" params={{ project, run: lastRun.id }}>
              <RunState state={lastRun.state} />
            </Link>
            {lastRun.endedAt ? (
              <div className="quiet">
                <Ago at={lastRun.endedAt} />
              </div>
            ) : null}
          </>
        ) : (
          <span className="quiet">{t('neverRun')}</span>
        ),
    },
    {
      title: common('owner'),
      key: 'owner',
      responsive: ['xl'],
      render: (_, job) => (
        <>
          {job.owner.name}
          <div className="quiet">
            <Ago at={job.updatedAt} />
          </div>
        </>
      ),
    },
    {
      title: common('actions'),
      key: 'actions',
      render: (_, job) => {
        // What is not live yet can only be tried.
        const mayRun = job.publishedVersion ? mayStart || mayTry : mayTry;
        return (
          <Space size={0}>
            <Guarded may={mayRun}>
              <Button
                type="link"
                size="small"
                disabled={!mayRun}
                aria-label={`${t('run')} ${job.name}`}
                onClick={() => onAct('run', job)}
              >
                {t('run')}
              </Button>
            </Guarded>
            <Dropdown
              trigger={['click']}
              menu={{
                items: [
                  { key: 'history', label: t('history') },
                  { key: 'export', label: t('export') },
                  { key: 'delete', label: common('delete'), danger: true, disabled: !mayEdit },
                ],
                onClick: ({ key }) => act(key, job),
              }}
            >
              <Button
                type="text"
                size="small"
                icon={<EllipsisOutlined />}
                aria-label={`${common('more')}: ${job.name}`}
              />
            </Dropdown>
          </Space>
        );
      },
    },
  ];
}

interface SideProps {
  side: Schemas['JobSide'] | null | undefined;
  arrow: string;
}

/** One side of a job: its data source or connector, and the table. */
function Side({ side, arrow }: SideProps) {
  const { t } = useTranslation('jobs');
  const isSet = side && side.connector !== '';
  const name = side?.datasource ?? side?.connector;
  return (
    <div className="job-side">
      {arrow}
      {isSet ? (
        <Tooltip title={`${side.connector}: ${[name, side.table].filter(Boolean).join(' · ')}`}>
          <span className="code">{side.table ?? name}</span>
        </Tooltip>
      ) : (
        <span className="quiet">{t('notSet')}</span>
      )}
    </div>
  );
}
