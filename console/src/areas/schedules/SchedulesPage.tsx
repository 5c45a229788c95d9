import { getRouteApi, Link } from '@tanstack/react-router';
import { Flex, Input, Select, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { cronOf } from '@/lib/cycle';
import { inWords } from '@/lib/cycleWords';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { usePreferences } from '@/ui/preferences';
import { RunState } from '@/ui/RunState';
import { StateTag, type Tone } from '@/ui/StateTag';
import { ScheduleMenu } from './ScheduleMenu';
import { ScheduleTabs } from './ScheduleTabs';
import { SubmitDrawer } from './SubmitDrawer';

const route = getRouteApi('/projects/$project/schedules');

const STATES = ['draft', 'active', 'paused'] as const;
const TONES: Record<(typeof STATES)[number], Tone> = {
  draft: 'waiting',
  active: 'succeeded',
  paused: 'paused',
};

/** All schedules: on or off, when, what comes next and what came last. */
export function SchedulesPage() {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const { language } = usePreferences();
  const { project } = route.useParams();
  const { search = '', state = '', edit } = route.useSearch();
  const navigate = route.useNavigate();
  const pages = usePages<Schemas['ListedSchedule']>({
    key: ['schedules', project, 'list', search, state],
    every: 10_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/schedules', {
          params: { path: { project }, query: { search, state, cursor, limit: 100 } },
          signal,
        }),
      ),
  });
  const set = (change: { search?: string; state?: string; edit?: string }) =>
    void navigate({ search: (known) => ({ ...known, ...change }) });
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <ScheduleTabs />
      <div className="filters">
        <Input.Search
          allowClear
          style={{ width: 260 }}
          aria-label={common('search')}
          placeholder={common('search')}
          defaultValue={search}
          onSearch={(text) => set({ search: text || undefined })}
        />
        <Select
          allowClear
          style={{ width: 160 }}
          aria-label={t('state')}
          placeholder={t('state')}
          value={state || null}
          options={STATES.map((value) => ({ value, label: t(`states.${value}`) }))}
          onChange={(value: string | undefined) => set({ state: value })}
        />
      </div>
      <PagedTable
        rowKey="jobId"
        pages={pages}
        nothing={
          search || state ? (
            <Nothing text={t('noneFound')} />
          ) : (
            <Nothing text={t('none')}>
              <Flex vertical align="center" gap={8}>
                {t('noneHint')}
                <Link to="/projects/$project/jobs" params={{ project }}>
                  {t('toJobs')}
                </Link>
              </Flex>
            </Nothing>
          )
        }
        columns={[
          { title: t('job'), dataIndex: 'jobName' },
          {
            title: t('state'),
            key: 'state',
            render: (_, it) => <ScheduleState schedule={it} />,
          },
          {
            title: t('words'),
            key: 'words',
            render: (_, it) => (
              <>
                {inWords(it.cron ?? cronOf(it.rule.cycle), it.inWords, language)}
                <div className="hint">{it.rule.zone}</div>
              </>
            ),
          },
          {
            title: t('next'),
            dataIndex: 'nextDueAt',
            render: (at: string | null) => (at ? <Ago at={at} /> : '–'),
          },
          {
            title: t('last'),
            key: 'last',
            render: (_, { last }) =>
              last ? (
                <Link
                  to="/projects/$project/schedules/instances/$instance"
                  params={{ project, instance: last.id }}
                >
                  <RunState state={last.state} />{' '}
                  <span className="code">{last.cycleAt.replace('T', ' ')}</span>
                </Link>
              ) : (
                '–'
              ),
          },
          {
            title: t('overlap'),
            key: 'overlap',
            responsive: ['xxl'],
            render: (_, it) => t(`overlaps.${it.rule.overlap ?? 'wait'}`),
          },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, it) => (
              <ScheduleMenu
                project={project}
                schedule={it}
                onEdit={() => set({ edit: it.jobId })}
              />
            ),
          },
        ]}
      />
      {edit === undefined ? null : (
        <SubmitDrawer project={project} job={edit} onClose={() => set({ edit: undefined })} />
      )}
    </div>
  );
}

function ScheduleState({ schedule }: { schedule: Schemas['ListedSchedule'] }) {
  const { t } = useTranslation('schedules');
  const state = STATES.find((it) => it === schedule.state) ?? 'draft';
  const kind = schedule.submittedRule?.kind ?? 'normal';
  return (
    <>
      <Flex gap={4} wrap>
        <StateTag tone={TONES[state]}>{t(`states.${state}`)}</StateTag>
        {kind === 'normal' ? null : <Tag>{t(`kinds.${kind}`)}</Tag>}
        {schedule.isChanged && state !== 'draft' ? <Tag>{t('changed')}</Tag> : null}
      </Flex>
      {schedule.reason ? <div className="hint">{schedule.reason}</div> : null}
    </>
  );
}
