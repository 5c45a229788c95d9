import { Link, Navigate } from '@tanstack/react-router';
import { Button, Flex, Spin } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useSession, useSignOut } from '@/api/session';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { lastProject } from './last';

const NewProject = lazy(async () => ({ default: (await import('./NewProject')).NewProject }));

/** Leads to the project that was seen last, or to the first one. */
export function Start() {
  const { t } = useTranslation('frame');
  const session = useSession();
  const signOut = useSignOut();
  const [isCreating, setCreating] = useState(false);
  const projects = useRead({
    key: ['projects', ''],
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects', { params: { query: { limit: 100 } }, signal })),
  });
  if (projects.isPending) return <Spin fullscreen />;
  if (projects.error) {
    return (
      <main className="page">
        <Failure
          message={projects.error.message}
          hint={projects.error.hint}
          requestId={projects.error.requestId}
          onRetry={() => void projects.refetch()}
        />
      </main>
    );
  }
  const { items } = projects.data;
  const found = items.find((item) => item.id === lastProject.get()) ?? items[0];
  if (found) return <Navigate to="/projects/$project" params={{ project: found.id }} replace />;
  return (
    <main className="page">
      <PageTitle title="Longshore" />
      <Nothing text={t('noProject')}>
        <Flex vertical align="center" gap={12}>
          {t('noProjectHint')}
          {session?.account.isAdmin ? (
            <Button type="primary" onClick={() => setCreating(true)}>
              {t('newProject')}
            </Button>
          ) : null}
          <Link to="/profile">{t('profile')}</Link>
          <Button onClick={() => signOut.mutate()}>{t('signOut')}</Button>
        </Flex>
      </Nothing>
      <Suspense>
        {isCreating ? <NewProject open onClose={() => setCreating(false)} /> : null}
      </Suspense>
    </main>
  );
}
