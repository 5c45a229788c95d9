import { PlusOutlined } from '@ant-design/icons';
import { Button, Flex } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { Ago, Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { StateTag } from '@/ui/StateTag';
import { useAsk } from '@/ui/useAsk';
import { NewKey, useProjects } from './NewKey';

type AccessKey = Schemas['AccessKey'];

/** The keys with which one's own programs call the API. */
export function AccessKeys() {
  const { t } = useTranslation('profile');
  const { t: common } = useTranslation('common');
  const { t: settings } = useTranslation('settings');
  const askFirst = useAsk();
  const [isCreating, setCreating] = useState(false);
  const projects = useProjects();
  const pages = usePages<AccessKey>({
    key: ['access-keys'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/access-keys', { params: { query: { cursor, limit: 50 } }, signal }),
      ),
  });
  const revoke = useChange({
    change: (key: string) =>
      unwrap(client.DELETE('/api/v1/access-keys/{key}', { params: { path: { key } } })),
    refresh: [['access-keys']],
    done: t('revoked'),
  });

  function confirmRevocation({ id, description }: AccessKey) {
    askFirst({
      title: t('revokeTitle', { name: description || id }),
      help: t('revokeHelp'),
      ok: t('revoke'),
      act: () => revoke.mutateAsync(id),
    });
  }

  const projectName = (id: string) => {
    const found = projects.data?.items.find((project) => project.id === id);
    return found ? found.title || found.name : id;
  };
  return (
    <>
      <Flex justify="space-between" align="start" gap={16} style={{ marginBottom: 16 }}>
        <span>{t('keysIntro')}</span>
        <Button icon={<PlusOutlined />} onClick={() => setCreating(true)}>
          {t('newKey')}
        </Button>
      </Flex>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={<Nothing text={t('noKeys')} />}
        columns={[
          { title: t('keyId'), dataIndex: 'id', className: 'code' },
          { title: common('description'), dataIndex: 'description' },
          {
            title: t('goodFor'),
            key: 'scope',
            render: (_, key) =>
              key.projectId
                ? `${projectName(key.projectId)}${key.role ? ` · ${settings(`role.${key.role}`)}` : ''}`
                : t('allProjects'),
          },
          {
            title: t('lastUsed'),
            dataIndex: 'lastUsedAt',
            render: (at: string | null) => (at ? <Ago at={at} /> : t('never')),
          },
          {
            title: t('expires'),
            dataIndex: 'expiresAt',
            render: (at: string | null) => (at ? <Moment at={at} /> : t('never')),
          },
          { title: common('state'), key: 'state', render: (_, key) => <State of={key} /> },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, key) =>
              key.revokedAt ? null : (
                <Button
                  type="link"
                  size="small"
                  danger
                  aria-label={`${t('revoke')} ${key.description || key.id}`}
                  onClick={() => confirmRevocation(key)}
                >
                  {t('revoke')}
                </Button>
              ),
          },
        ]}
      />
      {isCreating ? <NewKey onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function State({ of: key }: { of: AccessKey }) {
  const { t } = useTranslation('profile');
  const [now] = useState(Date.now);
  if (key.revokedAt) return <StateTag tone="stopped">{t('isRevoked')}</StateTag>;
  if (key.expiresAt && Date.parse(key.expiresAt) <= now) {
    return <StateTag tone="warning">{t('isExpired')}</StateTag>;
  }
  return <StateTag tone="succeeded">{t('isValid')}</StateTag>;
}
