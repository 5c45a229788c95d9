import { PlusOutlined } from '@ant-design/icons';
import { Button, Flex, Space, Switch, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useSession } from '@/api/session';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { useAsk } from '@/ui/useAsk';
import { AccountDrawer } from './AccountDrawer';
import { PasswordDialog } from './PasswordDialog';

type Account = Schemas['Account'];

const ONE = '/api/v1/accounts/{account}';

/** All accounts for administrators of the instance, one's own sub-accounts for others. */
export function Accounts() {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const me = useSession()?.account;
  const isAdmin = me?.isAdmin ?? false;
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const [resetting, setResetting] = useState<Account | null>(null);
  const pages = usePages<Account>({
    key: ['accounts', 'list'],
    read: (cursor, signal) =>
      unwrap(client.GET('/api/v1/accounts', { params: { query: { cursor, limit: 50 } }, signal })),
  });
  const activate = useChange({
    change: async ({ id, isActive }: Account) => {
      const path = { account: id };
      const { revision } = await answer(client.GET(ONE, { params: { path } }));
      const params = { path, header: { 'If-Match': revision ?? '' } };
      return unwrap(client.PATCH(ONE, { params, body: { isActive: !isActive } }));
    },
    refresh: [['accounts']],
    done: ({ isActive }) => t(isActive ? 'accountActive' : 'accountInactive'),
  });

  function toggle(account: Account) {
    if (!account.isActive) {
      activate.mutate(account);
      return;
    }
    askFirst({
      title: t('deactivateTitle', { name: account.name }),
      help: t('deactivateHelp'),
      ok: t('deactivate'),
      act: () => activate.mutateAsync(account),
    });
  }

  return (
    <>
      <Flex justify="space-between" align="start" gap={16} style={{ marginBottom: 16 }}>
        <span>{t(isAdmin ? 'accountsIntro' : 'subAccountsIntro')}</span>
        <Button icon={<PlusOutlined />} onClick={() => setOpened('new')}>
          {t(isAdmin ? 'newAccount' : 'newSubAccount')}
        </Button>
      </Flex>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={<Nothing text={t('noAccounts')} />}
        columns={[
          {
            title: t('account'),
            dataIndex: 'name',
            render: (name: string, account) => (
              <Space size={4}>
                <span className="code">{name}</span>
                {account.isAdmin ? <Tag>{t('administrator')}</Tag> : null}
                {account.parentId ? <Tag>{t('subAccount')}</Tag> : null}
                {account.id === me?.id ? <Tag>{t('you')}</Tag> : null}
              </Space>
            ),
          },
          { title: t('displayName'), dataIndex: 'displayName' },
          { title: t('email'), dataIndex: 'email' },
          {
            title: t('active'),
            dataIndex: 'isActive',
            render: (isActive: boolean, account) => (
              <Switch
                checked={isActive}
                disabled={account.id === me?.id}
                loading={activate.isPending && activate.variables.id === account.id}
                aria-label={t('activeOf', { name: account.name })}
                onChange={() => toggle(account)}
              />
            ),
          },
          {
            title: common('created'),
            dataIndex: 'createdAt',
            render: (at: string) => <Ago at={at} />,
          },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, account) => (
              <Space size={0}>
                <Button
                  type="link"
                  size="small"
                  aria-label={`${common('edit')} ${account.name}`}
                  onClick={() => setOpened(account.id)}
                >
                  {common('edit')}
                </Button>
                <Button
                  type="link"
                  size="small"
                  // One's own needs the old one; that is in the profile.
                  disabled={account.id === me?.id}
                  aria-label={`${t('setPassword')} ${account.name}`}
                  onClick={() => setResetting(account)}
                >
                  {t('setPassword')}
                </Button>
              </Space>
            ),
          },
        ]}
      />
      {opened === null ? null : (
        <AccountDrawer
          key={opened}
          account={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
      {resetting ? <PasswordDialog account={resetting} onClose={() => setResetting(null)} /> : null}
    </>
  );
}
