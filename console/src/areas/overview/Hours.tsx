import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { byHour, type Hour, type HourRun } from '@/lib/hours';
import { moment } from '@/lib/time';
import { Nothing } from '@/ui/Nothing';
import { usePreferences } from '@/ui/preferences';

/** From below upwards, so that what went wrong lies on the ground. */
const STATES = ['failed', 'stopped', 'running', 'queued', 'succeeded'];

interface Props {
  runs: readonly HourRun[];
  now: number;
}

/** How many runs there were in each of the last 24 hours, by state. */
export function Hours({ runs, now }: Props) {
  const { t } = useTranslation('overview');
  const { t: states } = useTranslation('states');
  const { zone } = usePreferences();
  const hours = byHour(runs, now);
  const most = Math.max(...hours.map((hour) => hour.total));
  if (most === 0) return <Nothing text={t('noRuns')} />;
  const clock = ({ begin }: Hour) => moment(new Date(begin).toISOString(), zone).slice(11, 16);
  const words = (hour: Hour) =>
    STATES.filter((state) => hour.counts[state])
      .map((state) => `${states(state as 'failed')} ${hour.counts[state]}`)
      .join(', ');
  return (
    <figure className="hours">
      <ol aria-label={t('byHour')}>
        {hours.map((hour, index) => (
          <li key={hour.begin}>
            <Tooltip title={`${clock(hour)} · ${words(hour) || t('noRuns')}`}>
              <div className="hour" aria-hidden>
                {STATES.map((state) => (
                  <div
                    key={state}
                    className={`part ${state}`}
                    style={{ height: `${((hour.counts[state] ?? 0) / most) * 100}%` }}
                  />
                ))}
              </div>
            </Tooltip>
            <span className="visually-hidden">{`${clock(hour)}: ${words(hour) || 0}`}</span>
            <small aria-hidden>{index % 4 === 3 ? clock(hour) : null}</small>
          </li>
        ))}
      </ol>
      <figcaption>
        {STATES.map((state) => (
          <span key={state}>
            <i className={`part ${state}`} aria-hidden /> {states(state as 'failed')}
          </span>
        ))}
        <span>{t('most', { count: most })}</span>
      </figcaption>
    </figure>
  );
}
