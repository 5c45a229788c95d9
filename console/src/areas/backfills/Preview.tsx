import { Alert, Checkbox, Flex, Skeleton } from 'antd';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { count } from '@/lib/format';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';
import { RunState } from '@/ui/RunState';
import { useStill } from '@/ui/useStill';
import { Calendar } from './Calendar';
import { JobName } from './JobName';
import type { BackfillForm } from './NewBackfillPage';

interface Props {
  project: string;
  /** Nothing while no job is chosen. */
  form: BackfillForm | null;
  onExcept: (jobs: string[]) => void;
}

const MOST_LISTED = 10;

/** What the server would make of the form, and what is in its way. */
export function Preview({ project, form, onExcept }: Props) {
  const { t } = useTranslation('backfills');
  const still = useStill(form, 400);
  const preview = useRead({
    key: ['backfills', project, 'preview', still],
    enabled: still !== null,
    read: (signal) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/backfills/preview', {
          params: { path: { project } },
          body: still ?? { jobs: [], from: '', to: '' },
          signal,
        }),
      ),
  });
  if (form === null || still === null) return <Nothing text={t('previewNothing')} />;
  if (preview.error) {
    return (
      <Failure
        message={preview.error.message}
        hint={[preview.error.hint, ...preview.error.problems.map((it) => it.message)]
          .filter(Boolean)
          .join('\n')}
        onRetry={() => void preview.refetch()}
      />
    );
  }
  if (!preview.data) return <Skeleton active className="late" />;
  const { instanceCount, instances, conflicts, jobs } = preview.data;
  const perDay = new Map<string, number>();
  for (const { bizdate } of instances) perDay.set(bizdate, (perDay.get(bizdate) ?? 0) + 1);
  const added = [...jobs.filter((job) => !form.jobs.includes(job)), ...form.except];
  return (
    <Flex vertical gap={16} aria-busy={preview.isFetching}>
      <p style={{ margin: 0 }} role="status">
        {t('makes', { count: instanceCount, shown: count(instanceCount) })}{' '}
        {t('ofJobs', { count: jobs.length })}
        {instances.length < instanceCount
          ? ` ${t('firstShown', { shown: count(instances.length) })}`
          : null}
      </p>
      {conflicts.length > 0 ? <Conflicts project={project} conflicts={conflicts} /> : null}
      {added.length > 0 ? (
        <div>
          <h3>{t('downstreamJobs')}</h3>
          <Flex vertical>
            {[...new Set(added)].map((job) => (
              <Checkbox
                key={job}
                checked={!form.except.includes(job)}
                onChange={({ target }) =>
                  onExcept(
                    target.checked
                      ? form.except.filter((other) => other !== job)
                      : [...form.except, job],
                  )
                }
              >
                <JobName project={project} job={job} />
              </Checkbox>
            ))}
          </Flex>
        </div>
      ) : null}
      <Calendar from={still.from} to={still.to}>
        {(date) => {
          const made = perDay.get(date) ?? 0;
          return (
            <span
              className={made > 0 ? 'calendar-day planned' : 'calendar-day'}
              title={t('dayMakes', { count: made, date })}
            >
              {Number(date.slice(8))}
              {made > 0 ? <small>{made}</small> : null}
            </span>
          );
        }}
      </Calendar>
    </Flex>
  );
}

interface ConflictProps {
  project: string;
  conflicts: Schemas['Instance'][];
}

function Conflicts({ project, conflicts }: ConflictProps) {
  const { t } = useTranslation('backfills');
  return (
    <Alert
      type="warning"
      showIcon
      title={t('conflicts', { count: conflicts.length })}
      description={
        <>
          {t('conflictsHelp')}
          <ul style={{ margin: '8px 0 0', paddingInlineStart: 20 }}>
            {conflicts.slice(0, MOST_LISTED).map((it) => (
              <li key={it.id}>
                <Link
                  to="/projects/$project/schedules/instances/$instance"
                  params={{ project, instance: it.id }}
                >
                  {it.jobName} <span className="code">{it.cycleAt.replace('T', ' ')}</span>
                </Link>{' '}
                <RunState state={it.state} />
              </li>
            ))}
          </ul>
          {conflicts.length > MOST_LISTED
            ? t('andMore', { count: conflicts.length - MOST_LISTED })
            : null}
        </>
      }
    />
  );
}
