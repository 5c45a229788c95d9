import { getRouteApi } from '@tanstack/react-router';
import { Tabs } from 'antd';
import { useTranslation } from 'react-i18next';
import { PageTitle } from '@/ui/PageTitle';
import { Channels } from './Channels';
import { History } from './History';
import { Rules } from './Rules';
import type { AlertTab } from './tabs';

const route = getRouteApi('/projects/$project/alerts');

/** Who is told of what, by which way, and what was told. */
export function AlertsPage() {
  const { t } = useTranslation('alerts');
  const { project } = route.useParams();
  const { tab = 'rules' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <Tabs
        activeKey={tab}
        destroyOnHidden
        onChange={(key) => void navigate({ search: { tab: key as AlertTab } })}
        items={[
          { key: 'rules', label: t('rules'), children: <Rules project={project} /> },
          { key: 'channels', label: t('channels'), children: <Channels project={project} /> },
          { key: 'history', label: t('history'), children: <History project={project} /> },
        ]}
      />
    </div>
  );
}
