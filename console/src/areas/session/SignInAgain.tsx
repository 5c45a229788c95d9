import { Modal } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { readSession } from '@/api/session';
import { Loaded } from '@/ui/Loaded';
import { useOpener } from '@/ui/useOpener';
import { useWelcome, Ways } from './SignInPage';

interface Props {
  name: string;
  onEnter: (session: Schemas['SessionView']) => void;
}

/** Signs in on top of the page. Somebody who did so in another tab only has to come back to this one. */
export function SignInAgain({ name, onEnter }: Props) {
  useOpener();
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
