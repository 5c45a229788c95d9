import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, DatePicker, Flex, Skeleton } from 'antd';
import dayjs from 'dayjs';
import { Fragment, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { gravest } from '@/lib/states';
import { dateIn } from '@/lib/time';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { usePreferences } from '@/ui/preferences';
import { StateMark } from '@/ui/StateMark';
import { ScheduleTabs } from './ScheduleTabs';

const route = getRouteApi('/projects/$project/schedules/day');
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

type Instance = Schemas['Instance'];

/** A day: hours across, jobs down, each cycle at the hour that it is scheduled for. */
export function DayPage() {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const { zone } = usePreferences();
  const { project } = route.useParams();
  const { date = dateIn(zone) } = route.useSearch();
  const navigate = route.useNavigate();
  // A cycle belongs to the business date before the day that it is scheduled for.
  const bizdate = dayjs(date).subtract(1, 'day').format('YYYY-MM-DD');
  const pages = usePages<Instance>({
    key: ['instances', project, 'day', bizdate],
    every: 10_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/instances', {
          params: { path: { project }, query: { bizdate, cursor, limit: 500 } },
          signal,
        }),
      ),
  });
  const rows = useMemo(() => rowsOf(pages.items), [pages.items]);
  const go = (day: string) => void navigate({ search: { date: day } });
  const move = (days: number) => go(dayjs(date).add(days, 'day').format('YYYY-MM-DD'));
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <ScheduleTabs />
      <div className="filters">
        <Button onClick={() => move(-1)}>{t('previousDay')}</Button>
        <DatePicker
          aria-label={t('dayOf')}
          allowClear={false}
          value={dayjs(date)}
          onChange={(day) => day && go(day.format('YYYY-MM-DD'))}
        />
        <Button onClick={() => move(1)}>{t('nextDay')}</Button>
        <Button onClick={() => go(dateIn(zone))}>{t('today')}</Button>
        <span className="hint" style={{ alignSelf: 'center' }}>
          {t('dayHelp')}
        </span>
      </div>
      {pages.error ? (
        <Failure
          message={pages.error.message}
          hint={pages.error.hint}
          requestId={pages.error.requestId}
          onRetry={pages.again}
        />
      ) : pages.isPending ? (
        <Skeleton active className="late" />
      ) : rows.length === 0 ? (
        <Nothing text={t('noInstances')} />
      ) : (
        <div className="day-scroll" role="region" aria-label={t('tabs.day')} tabIndex={0}>
          <table className="day">
            <thead>
              <tr>
                <th scope="col">{t('job')}</th>
                {HOURS.map((hour) => (
                  <th key={hour} scope="col">
                    {hour}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ job, name, hours }) => (
                <tr key={job}>
                  <th scope="row">
                    <Link
                      to="/projects/$project/schedules/instances"
                      params={{ project }}
                      search={{ job, bizdate }}
                    >
                      {name}
                    </Link>
                  </th>
                  {HOURS.map((hour) => (
                    <td key={hour}>
                      <Cell
                        project={project}
                        name={name}
                        hour={hour}
                        bizdate={bizdate}
                        instances={hours.get(hour) ?? []}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasMore ? (
        <Flex justify="center" style={{ marginTop: 16 }}>
          <Button loading={pages.isFetching} onClick={pages.more}>
            {common('loadMore')}
          </Button>
        </Flex>
      ) : null}
    </div>
  );
}

interface CellProps {
  project: string;
  name: string;
  hour: string;
  bizdate: string;
  instances: Instance[];
}

/** The cycles of an hour: one leads to its page, several to their list. */
function Cell({ project, name, hour, bizdate, instances }: CellProps) {
  const { t } = useTranslation('schedules');
  const { t: states } = useTranslation('states');
  const [first] = instances;
  if (!first) return null;
  const state = gravest(instances.map(stateOf));
  const word = states(state, { defaultValue: state });
  const label = t('cellName', { job: name, hour, count: instances.length, state: word });
  const mark = (
    <Fragment>
      <StateMark state={state} />
      {instances.length > 1 ? <span className="number">{instances.length}</span> : null}
    </Fragment>
  );
  return instances.length === 1 ? (
    <Link
      className="day-cell"
      to="/projects/$project/schedules/instances/$instance"
      params={{ project, instance: first.id }}
      aria-label={label}
      title={label}
    >
      {mark}
    </Link>
  ) : (
    <Link
      className="day-cell"
      to="/projects/$project/schedules/instances"
      params={{ project }}
      search={{ job: first.jobId, bizdate }}
      aria-label={label}
      title={label}
    >
      {mark}
    </Link>
  );
}

function stateOf(instance: Instance): string {
  return instance.isFrozen && instance.state === 'waiting' ? 'frozen' : instance.state;
}

interface Row {
  job: string;
  name: string;
  hours: Map<string, Instance[]>;
}

/** Cycles of schedules, without those of backfills, by job and hour. */
function rowsOf(instances: readonly Instance[]): Row[] {
  const rows = new Map<string, Row>();
  for (const instance of instances) {
    if (instance.backfillId) continue;
    const { jobId: job, jobName: name } = instance;
    const row = rows.get(job) ?? { job, name, hours: new Map<string, Instance[]>() };
    const hour = instance.cycleAt.slice(11, 13);
    row.hours.set(hour, [...(row.hours.get(hour) ?? []), instance]);
    rows.set(job, row);
  }
  return [...rows.values()].toSorted((one, other) => one.name.localeCompare(other.name));
}
