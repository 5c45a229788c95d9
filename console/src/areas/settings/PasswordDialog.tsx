import { Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { useOpener } from '@/ui/useOpener';

interface Props {
  account: Schemas['Account'];
  onClose: () => void;
}

/** Gives somebody else a new password. */
export function PasswordDialog({ account, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const [password, setPassword] = useState('');
  const put = useChange({
    inForm: true,
    done: t('passwordSet'),
    onDone: onClose,
    change: () =>
      unwrap(
        client.PUT('/api/v1/accounts/{account}/password', {
          params: { path: { account: account.id } },
          body: { new: password },
        }),
      ),
  });
  return (
    <Modal
      open
      title={t('setPasswordTitle', { name: account.name })}
      okText={common('save')}
      cancelText={common('cancel')}
      confirmLoading={put.isPending}
      onOk={() => put.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" onFinish={() => put.mutate()}>
        <FormFailure error={put.error} fields={['/new']} />
        <p>{t('setPasswordHelp')}</p>
        <Form.Item
          label={t('newPassword')}
          htmlFor="set-password"
          required
          extra={t('passwordRule')}
          {...marked(put.error?.problems ?? [], '/new')}
        >
          <Input.Password
            id="set-password"
            autoFocus
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
