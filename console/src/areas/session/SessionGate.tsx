import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Modal, Spin } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { setCsrfToken, type Schemas } from '@/api/client';
import { readSession, SESSION } from '@/api/session';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { choicesOf, usePreferences } from '@/ui/preferences';
import { sessionEnded } from './ended';
import { SignInPage, useWelcome, Ways } from './SignInPage';

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
  if (!session.data) return <SignInPage onEnter={enter} />;
  return (
    <>
      {children}
      {hasEnded ? <SignInAgain name={session.data.account.name} onEnter={enter} /> : null}
    </>
  );
}

interface Props {
  name: string;
  onEnter: (session: Schemas['SessionView']) => void;
}

/** Signs in on top of the page. Somebody who did so in another tab only has to come back to this one. */
function SignInAgain({ name, onEnter }: Props) {
  const { t } = useTranslation('session');
  const welcome = useWelcome();
  useEffect(() => {
    const look = () =>
      void readSession().then(
        (session) => (session ? onEnter(session) : undefined),
        // There is no answer just now; the form stays.
        () => undefined,
      );
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [onEnter]);
  return (
    <Modal open title={t('expired')} footer={null} closable={false} keyboard={false}>
      <p>{t('expiredHint')}</p>
      <Loaded reading={welcome}>
        {(known) => <Ways known={known} name={name} beside onEnter={onEnter} />}
      </Loaded>
    </Modal>
  );
}
