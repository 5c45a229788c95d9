import { Card, Collapse, Divider, Flex, Segmented } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { usePreferences, type Language } from '@/ui/preferences';
import { SetUpForm } from './SetUpForm';
import { SignInForm } from './SignInForm';
import { signInError, SingleSignOn } from './SingleSignOn';

interface Props {
  onEnter: (session: Schemas['SessionView']) => void;
}

export function useWelcome() {
  return useRead({
    key: ['session', 'welcome'],
    read: (signal) => unwrap(client.GET('/api/v1/welcome', { signal })),
  });
}

export function SignInPage({ onEnter }: Props) {
  const { t } = useTranslation('session');
  const { language, choose } = usePreferences();
  const welcome = useWelcome();
  return (
    <main style={{ minHeight: '100%', display: 'grid', placeItems: 'center', padding: 24 }}>
      <Card style={{ width: 400, maxWidth: '100%' }}>
        <Flex align="center" gap={12} style={{ marginBottom: 20 }}>
          <img src="/icon.svg" alt="" width={32} height={32} />
          <h1>{welcome.data?.needsSetup ? t('setUpTitle') : t('title')}</h1>
        </Flex>
        <Loaded reading={welcome}>
          {(known) =>
            known.needsSetup ? <SetUpForm onEnter={onEnter} /> : <Ways {...{ known, onEnter }} />
          }
        </Loaded>
        <div style={{ marginTop: 20, textAlign: 'center' }}>
          <Segmented<Language>
            aria-label={t('language')}
            value={language}
            onChange={(value) => choose({ language: value })}
            options={[
              { value: 'en', label: 'English' },
              { value: 'zh', label: '中文' },
            ]}
          />
        </div>
      </Card>
    </main>
  );
}

interface WaysProps extends Props {
  known: Schemas['Welcome'];
  name?: string;
  /** Whether the page below is kept, as when a session has ended. */
  beside?: boolean;
}

/** The ways in: the provider first, if there is one. */
export function Ways({ known, name, beside = false, onEnter }: WaysProps) {
  const { t } = useTranslation('session');
  const form = <SignInForm {...(name === undefined ? {} : { name })} onEnter={onEnter} />;
  if (!known.singleSignOn) return form;
  const code = signInError();
  return (
    <>
      {code ? (
        <div style={{ marginBottom: 16 }}>
          <Failure
            message={t('refused', { provider: known.singleSignOn })}
            hint={t(code === 'forbidden' ? 'refusedForbidden' : 'refusedOther', { code })}
          />
        </div>
      ) : null}
      <SingleSignOn provider={known.singleSignOn} beside={beside} />
      {beside ? <p>{t('comeBack')}</p> : null}
      {known.passwords === 'everybody' ? (
        <>
          <Divider plain>{t('or')}</Divider>
          {form}
        </>
      ) : (
        <Collapse
          ghost
          style={{ marginTop: 8 }}
          items={[{ key: 'password', label: t('administratorsOnly'), children: form }]}
        />
      )}
    </>
  );
}
