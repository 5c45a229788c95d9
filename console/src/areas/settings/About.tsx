import { Descriptions } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Loaded } from '@/ui/Loaded';

/** Which version answers, and how people sign in. */
export function About() {
  const { t } = useTranslation('settings');
  const welcome = useRead({
    key: ['session', 'welcome'],
    read: (signal) => unwrap(client.GET('/api/v1/welcome', { signal })),
  });
  return (
    <Loaded reading={welcome}>
      {({ version, singleSignOn, passwords }) => (
        <Descriptions
          bordered
          column={1}
          size="small"
          style={{ maxWidth: 560 }}
          items={[
            { key: 'version', label: t('version'), children: version },
            { key: 'sso', label: t('singleSignOn'), children: singleSignOn ?? t('noSingleSignOn') },
            { key: 'passwords', label: t('passwords'), children: t(`passwordsOf.${passwords}`) },
            { key: 'licence', label: t('licence'), children: 'Apache-2.0' },
          ]}
        />
      )}
    </Loaded>
  );
}
