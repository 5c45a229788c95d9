import { Alert, Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Failure } from '@/ui/Failure';
import { useAsk } from '@/ui/useAsk';

/** The keys that stored secrets are sealed with. */
export function Keys() {
  const { t } = useTranslation('settings');
  const askFirst = useAsk();
  const rotate = useChange({
    inForm: true,
    change: () => unwrap(client.POST('/api/v1/settings/rotate-secrets')),
  });

  function ask() {
    askFirst({
      title: t('rotate'),
      help: t('rotateHelp'),
      ok: t('rotate'),
      act: () => rotate.mutateAsync(),
      isSafe: true,
    });
  }

  const done = rotate.data;
  return (
    <Flex vertical gap={16} align="start" style={{ maxWidth: 640 }} aria-live="polite">
      <span>{t('keysIntro')}</span>
      <Button loading={rotate.isPending} onClick={ask}>
        {t('rotate')}
      </Button>
      {rotate.error ? (
        <Failure
          message={rotate.error.message}
          hint={rotate.error.hint}
          requestId={rotate.error.requestId}
        />
      ) : null}
      {done ? (
        <Alert
          showIcon
          type={done.unreadable.length > 0 ? 'warning' : 'success'}
          title={t('rotated', {
            datasources: done.datasources,
            accessKeys: done.accessKeys,
            channels: done.alertChannels,
          })}
          description={
            done.unreadable.length > 0 ? (
              <>
                {t('unreadable')}
                <ul className="code">
                  {done.unreadable.map((name) => (
                    <li key={name}>{name}</li>
                  ))}
                </ul>
              </>
            ) : (
              t('oldKeys')
            )
          }
        />
      ) : null}
    </Flex>
  );
}
