import { Outlet, useLocation } from '@tanstack/react-router';
import { Layout } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '@/ui/Failure';
import { Header } from './Header';
import { lastProject } from './last';
import { Navigation } from './Navigation';
import { useProject, useProjectId } from './project';

/** What surrounds every page of a project. */
export function Frame() {
  const { t } = useTranslation('frame');
  const id = useProjectId();
  const project = useProject();
  const main = useRef<HTMLElement>(null);
  const entered = useRef('');
  const { pathname } = useLocation();
  const [isNarrow, setNarrow] = useState(false);
  useEffect(() => {
    if (project.data) lastProject.set(id);
  }, [id, project.data]);
  // A new page is announced by its heading, as a page load would be.
  useEffect(() => {
    if (entered.current === pathname) return;
    entered.current = pathname;
    main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <Layout style={{ minHeight: '100%' }}>
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <Header />
      <Layout>
        <Layout.Sider
          width={208}
          theme="light"
          breakpoint="xl"
          collapsed={isNarrow}
          collapsedWidth={56}
          trigger={null}
          onBreakpoint={setNarrow}
          style={{ borderRight: '1px solid var(--border)' }}
        >
          <Navigation />
        </Layout.Sider>
        {/* antd's own content would be a second main landmark. */}
        <div className="content">
          <main id="content" ref={main} tabIndex={-1}>
            {project.error ? (
              <div className="page">
                <Failure
                  message={project.error.message}
                  hint={project.error.hint}
                  requestId={project.error.requestId}
                  onRetry={() => void project.refetch()}
                />
              </div>
            ) : (
              <Outlet />
            )}
          </main>
        </div>
      </Layout>
    </Layout>
  );
}
