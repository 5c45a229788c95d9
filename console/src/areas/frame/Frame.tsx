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
  const { pathname } = useLocation();
  // The page that was loaded is announced by the browser.
  const entered = useRef(pathname);
  const [isNarrow, setNarrow] = useState(false);
  useEffect(() => {
    if (project.data) lastProject.set(id);
  }, [id, project.data]);
  // A new page is announced by its heading, as a page load would be; it may come later than its address.
  useEffect(() => {
    const box = main.current;
    if (!box || entered.current === pathname) return undefined;
    entered.current = pathname;
    return onHeading(box, (heading) => {
      const active = document.activeElement;
      const isElsewhere = box.contains(active) || active?.closest('[role=dialog]');
      if (!isElsewhere) heading.focus({ preventScroll: true });
    });
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

/** Tells of the next heading that takes the place of the one that is there; returns how to stop waiting for it. */
function onHeading(box: HTMLElement, tell: (heading: HTMLElement) => void): () => void {
  const before = box.querySelector('h1');
  const watch = new MutationObserver(() => {
    const heading = box.querySelector('h1');
    if (!heading || heading === before) return;
    watch.disconnect();
    tell(heading);
  });
  watch.observe(box, { childList: true, subtree: true });
  return () => watch.disconnect();
}
