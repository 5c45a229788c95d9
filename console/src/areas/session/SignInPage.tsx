import { Card, Segmented, Spin } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Failure } from '@/ui/Failure';
import { usePreferences, type Language } from '@/ui/preferences';
import { SetUpForm } from './SetUpForm';
import { SignInForm } from './SignInForm';

export function SignInPage({ onEnter }: { onEnter: (session: Schemas['SessionView']) => void }) {
  const { t } = useTranslation('session');
  const { language, choose } = usePreferences();
  const welcome = useRead({
    key: ['session', 'welcome'],
    read: (signal) => unwrap(client.GET('/api/v1/welcome', { signal })),
  });
  return (
    <main style={{ minHeight: '100%', display: 'grid', placeItems: 'center', padding: 24 }}>
      <Card style={{ width: 400, maxWidth: '100%' }}>
        <div style={{ display: 'flex', alignItems: 'center', gap: 12, marginBottom: 20 }}>
          <img src="/icon.svg" alt="" width={32} height={32} />
          <h1>{welcome.data?.needsSetup ? t('setUpTitle') : t('title')}</h1>
        </div>
        {welcome.isPending ? <Spin /> : null}
        {welcome.error ? (
          <Failure message={welcome.error.message} onRetry={() => void welcome.refetch()} />
        ) : null}
        {welcome.data?.needsSetup ? <SetUpForm onEnter={onEnter} /> : null}
        {welcome.data && !welcome.data.needsSetup ? <SignInForm onEnter={onEnter} /> : null}
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
