import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Modal, Spin } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, client, unwrap, setCsrfToken, type Schemas } from '@/api/client';
import { Failure } from '@/ui/Failure';
import { sessionEnded } from './ended';
import { SignInForm } from './SignInForm';
import { SignInPage } from './SignInPage';

const KEY = ['session'];

async function readSession(): Promise<Schemas['SessionView'] | null> {
  try {
    const session = await unwrap(client.GET('/api/v1/session'));
    setCsrfToken(session.csrfToken);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.isSignedOut) return null;
    throw error;
  }
}

export function useSession(): Schemas['SessionView'] | null {
  return useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Infinity }).data ?? null;
}

/** Nobody gets past without a session. One that ends later is renewed on top of the page, which keeps its input. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { t } = useTranslation('session');
  const queries = useQueryClient();
  const [hasEnded, setHasEnded] = useState(false);
  const session = useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Infinity });
  useEffect(() => sessionEnded.listen(() => setHasEnded(true)), []);

  function enter(entered: Schemas['SessionView']) {
    setCsrfToken(entered.csrfToken);
    queries.setQueryData(KEY, entered);
    setHasEnded(false);
    void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
  }

  if (session.isPending) return <Spin fullscreen />;
  if (session.isError) {
    return (
      <main className="page">
        <Failure message={session.error.message} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (!session.data) return <SignInPage onEnter={enter} />;
  return (
    <>
      {children}
      <Modal open={hasEnded} title={t('expired')} footer={null} closable={false} keyboard={false}>
        <p>{t('expiredHint')}</p>
        <SignInForm name={session.data.account.name} onEnter={enter} />
      </Modal>
    </>
  );
}
