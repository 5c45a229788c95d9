import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useProjectId } from '@/areas/frame/project';

const VIEWS = [
  { key: 'table', to: '/projects/$project/schedules' },
  { key: 'day', to: '/projects/$project/schedules/day' },
  { key: 'instances', to: '/projects/$project/schedules/instances' },
  { key: 'calendars', to: '/projects/$project/schedules/calendars' },
] as const;

/** The ways to look at schedules; each has an address of its own. */
export function ScheduleTabs() {
  const { t } = useTranslation('schedules');
  const project = useProjectId();
  return (
    <nav className="subnav" aria-label={t('title')}>
      {VIEWS.map(({ key, to }) => (
        <Link
          key={key}
          to={to}
          params={{ project }}
          activeOptions={{ exact: true, includeSearch: false }}
        >
          {t(`tabs.${key}`)}
        </Link>
      ))}
    </nav>
  );
}
