import { AutoComplete, Button, Flex, Form, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useSession } from '@/api/session';
import { useMay } from '@/areas/frame/project';
import { FormFailure } from '@/form/FormFailure';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { useAsk } from '@/ui/useAsk';

type Role = Schemas['Role'];
type Member = Schemas['Member'];

const ONE = '/api/v1/projects/{project}/members/{account}';
export const ROLES: Role[] = [
  'owner',
  'administrator',
  'developer',
  'operator',
  'deployer',
  'visitor',
];

interface Given {
  account: string;
  role: Role;
}

/** Who belongs to the project, and as what. */
export function Members({ project }: { project: string }) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const session = useSession();
  const isMember = useMay('membersManage');
  // Administrators of the instance manage the members of every project.
  const mayManage = isMember || (session?.account.isAdmin ?? false);
  const pages = usePages<Member>({
    key: ['members', project],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/members', {
          params: { path: { project }, query: { cursor, limit: 100 } },
          signal,
        }),
      ),
  });
  const refresh = [
    ['members', project],
    ['project', project],
  ];
  const give = useChange({
    change: ({ account, role }: Given) =>
      unwrap(client.PUT(ONE, { params: { path: { project, account } }, body: { role } })),
    refresh,
    done: t('roleGiven'),
  });
  const remove = useChange({
    change: (account: string) =>
      unwrap(client.DELETE(ONE, { params: { path: { project, account } } })),
    refresh,
    done: t('memberRemoved'),
  });

  function confirmRemoval({ accountId, name }: Member) {
    askFirst({
      title: t('removeTitle', { name }),
      help: t('removeHelp'),
      ok: t('remove'),
      act: () => remove.mutateAsync(accountId),
    });
  }

  return (
    <>
      <p>{mayManage ? t('membersIntro') : t('mayNotManageMembers')}</p>
      {mayManage ? <AddMember project={project} /> : null}
      <PagedTable
        rowKey="accountId"
        pages={pages}
        nothing={<Nothing text={t('noMembers')} />}
        columns={[
          { title: t('account'), dataIndex: 'name', className: 'code' },
          { title: t('displayName'), dataIndex: 'displayName', responsive: ['xl'] },
          {
            title: t('roleTitle'),
            dataIndex: 'role',
            render: (role: Role, member) => (
              <Select<Role>
                style={{ width: 180 }}
                popupMatchSelectWidth={360}
                aria-label={t('roleOf', { name: member.name })}
                disabled={!mayManage}
                loading={give.isPending && give.variables.account === member.accountId}
                value={role}
                options={ROLES.map((name) => ({ value: name, label: t(`role.${name}`) }))}
                optionRender={({ value: chosen }) => (
                  <Choice role={ROLES.find((it) => it === chosen)} />
                )}
                onChange={(chosen) => give.mutate({ account: member.accountId, role: chosen })}
              />
            ),
          },
          { title: t('since'), dataIndex: 'since', render: (at: string) => <Moment at={at} /> },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, member) => (
              <Button
                type="link"
                size="small"
                danger
                disabled={!mayManage}
                aria-label={`${t('remove')} ${member.name}`}
                onClick={() => confirmRemoval(member)}
              >
                {t('remove')}
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}

/** A role to choose, with what it may. */
function Choice({ role }: { role: Role | undefined }) {
  const { t } = useTranslation('settings');
  if (!role) return null;
  return (
    <div>
      <div>{t(`role.${role}`)}</div>
      <small style={{ whiteSpace: 'normal' }}>{t(`roleHelp.${role}`)}</small>
    </div>
  );
}

function AddMember({ project }: { project: string }) {
  const { t } = useTranslation('settings');
  const [given, setGiven] = useState<Given>({ account: '', role: 'developer' });
  // Administrators choose from all accounts, others from their sub-accounts, and may type any other name.
  const accounts = useRead({
    key: ['accounts', 'short'],
    read: (signal) =>
      unwrap(client.GET('/api/v1/accounts', { params: { query: { limit: 500 } }, signal })),
  });
  const add = useChange({
    inForm: true,
    change: ({ account, role }: Given) =>
      unwrap(client.PUT(ONE, { params: { path: { project, account } }, body: { role } })),
    refresh: [['members', project]],
    done: t('memberAdded'),
    onDone: () => setGiven({ ...given, account: '' }),
  });
  return (
    <Form
      layout="vertical"
      onFinish={() => add.mutate({ ...given, account: given.account.trim() })}
    >
      <FormFailure error={add.error} />
      <Flex gap={8} align="end" wrap style={{ marginBottom: 16 }}>
        <Form.Item label={t('account')} htmlFor="member-account" style={{ marginBottom: 0 }}>
          <AutoComplete
            id="member-account"
            style={{ width: 240 }}
            showSearch={{ filterOption: true }}
            value={given.account}
            options={(accounts.data?.items ?? []).map(({ name }) => ({ value: name }))}
            onChange={(account: string) => setGiven({ ...given, account })}
          />
        </Form.Item>
        <Form.Item label={t('roleTitle')} htmlFor="member-role" style={{ marginBottom: 0 }}>
          <Select<Role>
            id="member-role"
            style={{ width: 180 }}
            popupMatchSelectWidth={360}
            value={given.role}
            options={ROLES.map((name) => ({ value: name, label: t(`role.${name}`) }))}
            optionRender={({ value: chosen }) => (
              <Choice role={ROLES.find((it) => it === chosen)} />
            )}
            onChange={(role) => setGiven({ ...given, role })}
          />
        </Form.Item>
        <Button
          type="primary"
          htmlType="submit"
          disabled={given.account.trim() === ''}
          loading={add.isPending}
        >
          {t('add')}
        </Button>
      </Flex>
    </Form>
  );
}
