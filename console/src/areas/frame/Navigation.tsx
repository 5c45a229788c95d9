import {
  CalendarOutlined,
  BellOutlined,
  ClusterOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  HistoryOutlined,
  PlayCircleOutlined,
  SettingOutlined,
  SwapOutlined,
} from '@ant-design/icons';
import { Link, useLocation } from '@tanstack/react-router';
import { Menu } from 'antd';
import { useTranslation } from 'react-i18next';
import { useProjectId } from './project';

const AREAS = [
  { key: '', to: '/projects/$project', icon: <DashboardOutlined /> },
  { key: 'datasources', to: '/projects/$project/datasources', icon: <DatabaseOutlined /> },
  { key: 'jobs', to: '/projects/$project/jobs', icon: <SwapOutlined /> },
  { key: 'runs', to: '/projects/$project/runs', icon: <PlayCircleOutlined /> },
  { key: 'schedules', to: '/projects/$project/schedules', icon: <CalendarOutlined /> },
  { key: 'backfills', to: '/projects/$project/backfills', icon: <HistoryOutlined /> },
  { key: 'groups', to: '/projects/$project/groups', icon: <ClusterOutlined /> },
  { key: 'alerts', to: '/projects/$project/alerts', icon: <BellOutlined /> },
  { key: 'settings', to: '/projects/$project/settings', icon: <SettingOutlined /> },
] as const;

/** The areas of a project, in the order of work. */
export function Navigation() {
  const { t } = useTranslation('frame');
  const project = useProjectId();
  const { pathname } = useLocation();
  const area = pathname.split('/')[3] ?? '';
  return (
    <nav aria-label={t('navigation')}>
      <Menu
        mode="inline"
        selectedKeys={[area]}
        style={{ borderInlineEnd: 0, paddingTop: 8 }}
        items={AREAS.map(({ key, to, icon }) => ({
          key,
          icon,
          label: (
            <Link to={to} params={{ project }}>
              {t(key === '' ? 'overview' : key)}
            </Link>
          ),
        }))}
      />
    </nav>
  );
}
