import { DashboardOutlined } from '@ant-design/icons';
import { Link, useLocation } from '@tanstack/react-router';
import { Menu } from 'antd';
import { useTranslation } from 'react-i18next';
import { useProjectId } from './project';

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
        items={[
          {
            key: '',
            icon: <DashboardOutlined />,
            label: (
              <Link to="/projects/$project" params={{ project }}>
                {t('overview')}
              </Link>
            ),
          },
        ]}
      />
    </nav>
  );
}
