import { Button, Checkbox, Drawer, Flex, Form, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useIsAdmin, useSession } from '@/api/session';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { Edited } from '@/ui/Edited';
import { useOpener } from '@/ui/useOpener';

interface Props {
  /** The one to edit; null for a new one. */
  account: string | null;
  onClose: () => void;
}

interface Fields {
  name: string;
  displayName: string;
  email: string;
  password: string;
  isAdmin: boolean;
}

interface Known {
  fields: Fields;
  revision: string | null;
}

const ONE = '/api/v1/accounts/{account}';
const EMPTY: Fields = { name: '', displayName: '', email: '', password: '', isAdmin: false };

export function AccountDrawer({ account, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('settings');
  const isAdmin = useIsAdmin();
  const known = useRead<Known>({
    key: ['accounts', 'one', account],
    isEdited: true,
    read: async (signal) => {
      if (account === null) return { fields: EMPTY, revision: null };
      const { value, revision } = await answer(
        client.GET(ONE, { params: { path: { account } }, signal }),
      );
      return { fields: { ...value, email: value.email ?? '', password: '' }, revision };
    },
  });
  const title = t(isAdmin ? 'newAccount' : 'newSubAccount');
  return (
    <Drawer
      open
      size={480}
      title={account === null ? title : t('editAccount')}
      onClose={onClose}
      mask={{ closable: false }}
    >
      <Edited reading={known}>
        {({ fields, revision }, reload) => (
          <AccountForm {...{ account, revision, onClose }} initial={fields} onReload={reload} />
        )}
      </Edited>
    </Drawer>
  );
}

interface FormProps extends Props {
  initial: Fields;
  revision: string | null;
  onReload: () => void;
}

function AccountForm({ account, initial, revision, onReload, onClose }: FormProps) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const me = useSession()?.account;
  const [fields, setFields] = useState(initial);
  const set = (change: Partial<Fields>) => setFields({ ...fields, ...change });
  const save = useChange({
    inForm: true,
    refresh: [['accounts']],
    done: t('accountSaved'),
    onDone: onClose,
    change: () => {
      const { name, password, displayName, isAdmin } = fields;
      const email = fields.email || null;
      if (account === null) {
        const body = { name, password, email, displayName: displayName || name, isAdmin };
        return unwrap(client.POST('/api/v1/accounts', { body }));
      }
      const params = { path: { account }, header: { 'If-Match': revision ?? '' } };
      const body = {
        displayName,
        email: fields.email,
        ...(isAdmin === initial.isAdmin ? {} : { isAdmin }),
      };
      return unwrap(client.PATCH(ONE, { params, body }));
    },
  });
  const problems = save.error?.problems ?? [];
  return (
    <Form layout="vertical" onFinish={() => save.mutate()}>
      <FormFailure
        error={save.error}
        fields={['/name', '/displayName', '/email', '/password', '/isAdmin']}
        onReload={onReload}
      />
      <Form.Item
        label={t('account')}
        htmlFor="account-name"
        required
        extra={account === null ? t('accountRule') : undefined}
        {...marked(problems, '/name')}
      >
        <Input
          id="account-name"
          autoFocus={account === null}
          autoComplete="off"
          disabled={account !== null}
          maxLength={60}
          value={fields.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Form.Item>
      <Form.Item
        label={t('displayName')}
        htmlFor="account-display"
        {...marked(problems, '/displayName')}
      >
        <Input
          id="account-display"
          value={fields.displayName}
          onChange={(event) => set({ displayName: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={t('email')} htmlFor="account-email" {...marked(problems, '/email')}>
        <Input
          id="account-email"
          type="email"
          autoComplete="off"
          value={fields.email}
          onChange={(event) => set({ email: event.target.value })}
        />
      </Form.Item>
      {account === null ? (
        <Form.Item
          label={t('password')}
          htmlFor="account-password"
          required
          extra={t('passwordRule')}
          {...marked(problems, '/password')}
        >
          <Input.Password
            id="account-password"
            autoComplete="new-password"
            value={fields.password}
            onChange={(event) => set({ password: event.target.value })}
          />
        </Form.Item>
      ) : null}
      {me?.isAdmin ? (
        <Form.Item extra={t('isAdminHelp')} {...marked(problems, '/isAdmin')}>
          <Checkbox
            checked={fields.isAdmin}
            disabled={account === me.id}
            onChange={(event) => set({ isAdmin: event.target.checked })}
          >
            {t('isAdmin')}
          </Checkbox>
        </Form.Item>
      ) : null}
      <Flex gap={8} justify="end">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {common('save')}
        </Button>
      </Flex>
    </Form>
  );
}
