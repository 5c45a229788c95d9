import { getRouteApi, Link } from '@tanstack/react-router';
import { Menu } from 'antd';
import { useTranslation } from 'react-i18next';
import { useIsAdmin } from '@/api/session';
import { useProject } from '@/areas/frame/project';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { About } from './About';
import { Accounts } from './Accounts';
import { Audit } from './Audit';
import { Connectors } from './Connectors';
import { Danger } from './Danger';
import { InstanceForm } from './InstanceForm';
import { Keys } from './Keys';
import { Members } from './Members';
import { INSTANCE_PARTS, OPEN_PARTS, PROJECT_PARTS, type Part } from './parts';
import { ProjectForm } from './ProjectForm';

const route = getRouteApi('/projects/$project/settings');

/** What is set for the project, and for the whole instance. */
export function SettingsPage() {
  const { t } = useTranslation('settings');
  const { project } = route.useParams();
  const { part = 'general' } = route.useSearch();
  const isAdmin = useIsAdmin();
  const rights = useProject().data?.rights;
  const mayAudit = rights?.includes('auditView') ?? false;
  const mayOpen = (name: Part) => {
    if (name === 'audit') return mayAudit;
    return isAdmin || PROJECT_PARTS.some((it) => it === name) || OPEN_PARTS.includes(name);
  };
  const item = (name: Part) => ({
    key: name,
    disabled: !mayOpen(name),
    title: mayOpen(name) ? '' : t(name === 'audit' ? 'mayNotAudit' : 'adminOnly'),
    label: mayOpen(name) ? (
      <Link to="/projects/$project/settings" params={{ project }} search={{ part: name }}>
        {t(`part.${name}`)}
      </Link>
    ) : (
      t(`part.${name}`)
    ),
  });
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <div className="beside">
        <nav aria-label={t('parts')}>
          <Menu
            mode="inline"
            selectedKeys={[part]}
            style={{ border: 0, background: 'none' }}
            items={[
              { type: 'group', label: t('project'), children: PROJECT_PARTS.map(item) },
              { type: 'group', label: t('instance'), children: INSTANCE_PARTS.map(item) },
            ]}
          />
        </nav>
        <section aria-labelledby="settings-part">
          <h2 id="settings-part">{t(`part.${part}`)}</h2>
          {rights && mayOpen(part) ? <Shown project={project} part={part} /> : null}
          {rights && !mayOpen(part) ? (
            <Nothing text={t(part === 'audit' ? 'mayNotAudit' : 'adminOnly')} />
          ) : null}
        </section>
      </div>
    </div>
  );
}

function Shown({ project, part }: { project: string; part: Part }) {
  switch (part) {
    case 'general':
    case 'limits':
      return <ProjectForm key={part} project={project} part={part} />;
    case 'members':
      return <Members project={project} />;
    case 'audit':
      return <Audit key="project" project={project} />;
    case 'danger':
      return <Danger project={project} />;
    case 'accounts':
      return <Accounts />;
    case 'network':
    case 'retention':
      return <InstanceForm key={part} part={part} />;
    case 'keys':
      return <Keys />;
    case 'instanceAudit':
      return <Audit key="instance" project={null} />;
    case 'connectors':
      return <Connectors />;
    case 'about':
      return <About />;
  }
}
