import { Space, Table, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useConnectors } from '@/api/queries';
import { Loaded } from '@/ui/Loaded';
import { StateTag, type Tone } from '@/ui/StateTag';

const TONES: Record<string, Tone> = {
  tested: 'succeeded',
  emulated: 'warning',
  unverified: 'warning',
};

/** The connectors of this build, what each can do, and how far each is proven. */
export function Connectors() {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const connectors = useConnectors();
  return (
    <>
      <p>{t('connectorsIntro')}</p>
      <Loaded reading={connectors}>
        {({ items }) => (
          <Table<Schemas['ConnectorItem']>
            size="middle"
            rowKey="name"
            pagination={false}
            dataSource={items}
            columns={[
              {
                title: common('name'),
                dataIndex: 'title',
                render: (title: string, { name }) => (
                  <>
                    <div>{title}</div>
                    <div className="code">{name}</div>
                  </>
                ),
              },
              { title: t('aliases'), dataIndex: 'aliases', className: 'code', render: joined },
              {
                title: t('can'),
                dataIndex: 'capabilities',
                render: (can: Schemas['ConnectorCapabilities']) => (
                  <Space size={4} wrap>
                    {(['reader', 'writer', 'browser'] as const)
                      .filter((name) => can[name])
                      .map((name) => (
                        <Tag key={name}>{t(`capability.${name}`)}</Tag>
                      ))}
                  </Space>
                ),
              },
              {
                title: t('proven'),
                dataIndex: 'tier',
                render: (tier: Schemas['SupportTier']) => (
                  <>
                    <StateTag tone={TONES[tier.name] ?? 'waiting'}>
                      {t(`tier.${tier.name}` as 'tier.tested', { defaultValue: tier.name })}
                    </StateTag>
                    <small className="wrap">{tier.with}</small>
                  </>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

function joined(names: string[]): string {
  return names.join(', ');
}
