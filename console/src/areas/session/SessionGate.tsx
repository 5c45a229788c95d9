import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Spin } from 'antd';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { setCsrfToken, type Schemas } from '@/api/client';
import { readSession, SESSION } from '@/api/session';
import { Failure } from '@/ui/Failure';
import { choicesOf, usePreferences } from '@/ui/preferences';
import { sessionEnded } from './ended';

// Who is signed in needs no form for it.
const SignInPage = lazy(async () => ({ default: (await import('./SignInPage')).SignInPage }));
const SignInAgain = lazy(async () => ({ default: (await import('./SignInAgain')).SignInAgain }));

/** Nobody gets past without a session. One that ends later is renewed on top of the page, which keeps its input. */
export function SessionGate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { isChosen, choose } = usePreferences();
  const [hasEnded, setHasEnded] = useState(false);
  const session = useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: Infinity });
  useEffect(() => sessionEnded.listen(() => setHasEnded(true)), []);
  const account = session.data?.account;
  // In a browser where nothing was chosen yet, everybody finds what they have chosen in another one.
  useEffect(() => {
    if (account && !isChosen) choose(choicesOf(account.preferences));
  }, [account, isChosen, choose]);

  function enter(entered: Schemas['SessionView']) {
    // What is on the page belongs to somebody else.
    if (account && account.id !== entered.account.id) location.assign('/');
    setCsrfToken(entered.csrfToken);
    queries.setQueryData(SESSION, entered);
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
  if (!session.data) {
    return (
      <Suspense fallback={<Spin fullscreen />}>
        <SignInPage onEnter={enter} />
      </Suspense>
    );
  }
  return (
    <>
      {children}
      <Suspense>
        {hasEnded ? <SignInAgain name={session.data.account.name} onEnter={enter} /> : null}
      </Suspense>
    </>
  );
}
