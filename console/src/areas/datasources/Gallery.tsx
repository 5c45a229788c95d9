import { Card, Flex, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnectors } from '@/api/queries';
import { Loaded } from '@/ui/Loaded';
import { Nothing } from '@/ui/Nothing';

/** The kinds of store, as cards with what each can do. */
export function Gallery({ onChoose }: { onChoose: (connector: string) => void }) {
  const { t } = useTranslation('datasources');
  const [search, setSearch] = useState('');
  const connectors = useConnectors();
  return (
    <Flex vertical gap={16}>
      <Input
        allowClear
        autoFocus
        aria-label={t('searchConnector')}
        placeholder={t('searchConnector')}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <Loaded reading={connectors}>
        {({ items }) => {
          const found = items.filter((item) =>
            [item.name, item.title, ...item.aliases].some((name) =>
              name.toLowerCase().includes(search.trim().toLowerCase()),
            ),
          );
          if (found.length === 0) return <Nothing text={t('noConnector')} />;
          return (
            <div className="gallery">
              {found.map((item) => (
                <Card key={item.name} size="small" className="gallery-card">
                  <button type="button" onClick={() => onChoose(item.name)}>
                    <strong>{item.title}</strong>
                    <div className="code">{[item.name, ...item.aliases].join(', ')}</div>
                    <div className="marks">
                      {item.capabilities.reader ? <Tag>{t('reader')}</Tag> : null}
                      {item.capabilities.writer ? <Tag>{t('writer')}</Tag> : null}
                      <Tag color={item.capabilities.browser ? 'processing' : undefined}>
                        {item.capabilities.browser ? t('wizard') : t('scriptOnly')}
                      </Tag>
                    </div>
                    <small>
                      {t(`tier.${item.tier.name}`, item.tier.name)}: {item.tier.with}
                    </small>
                  </button>
                </Card>
              ))}
            </div>
          );
        }}
      </Loaded>
    </Flex>
  );
}
