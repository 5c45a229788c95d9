import { Card, Flex, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnectors } from '@/api/queries';
import { Nothing } from '@/ui/Nothing';

/** The kinds of store, as cards with what each can do. */
export function Gallery({ onChoose }: { onChoose: (connector: string) => void }) {
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const [search, setSearch] = useState('');
  const connectors = useConnectors();
  const found = (connectors.data?.items ?? []).filter((item) =>
    [item.name, item.title, ...item.aliases].some((name) =>
      name.toLowerCase().includes(search.toLowerCase()),
    ),
  );
  return (
    <Flex vertical gap={16}>
      <Input
        allowClear
        autoFocus
        aria-label={common('search')}
        placeholder={t('searchConnector')}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div className="gallery">
        {found.map((item) => (
          <Card key={item.name} size="small" className="gallery-card">
            <button type="button" onClick={() => onChoose(item.name)}>
              <strong>{item.title}</strong>
              <div className="code">{item.name}</div>
              <div>
                {item.capabilities.reader ? <Tag>{t('reader')}</Tag> : null}
                {item.capabilities.writer ? <Tag>{t('writer')}</Tag> : null}
              </div>
            </button>
          </Card>
        ))}
      </div>
      {connectors.data && found.length === 0 ? <Nothing text={t('noConnector')} /> : null}
    </Flex>
  );
}
