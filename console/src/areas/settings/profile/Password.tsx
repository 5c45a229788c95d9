import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';

interface Fields {
  old: string;
  new: string;
  repeat: string;
}

/** One's own password. */
export function Password({ account }: { account: string }) {
  const { t } = useTranslation('profile');
  const { t: session } = useTranslation('session');
  const [form] = Form.useForm<Fields>();
  const put = useChange({
    inForm: true,
    done: t('passwordChanged'),
    onDone: () => form.resetFields(),
    change: (fields: Fields) =>
      unwrap(
        client.PUT('/api/v1/accounts/{account}/password', {
          params: { path: { account } },
          body: { old: fields.old, new: fields.new },
        }),
      ),
  });
  const problems = put.error?.problems ?? [];
  const required = [{ required: true, message: session('required') }];
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      style={{ maxWidth: 400 }}
      onFinish={(fields) => put.mutate(fields)}
    >
      <p>{t('passwordHelp')}</p>
      <FormFailure error={put.error} fields={['/old', '/new']} />
      <Form.Item name="old" label={t('oldPassword')} rules={required} {...marked(problems, '/old')}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="new" label={t('newPassword')} rules={required} {...marked(problems, '/new')}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="repeat"
        label={session('repeat')}
        dependencies={['new']}
        rules={[
          ...required,
          ({ getFieldValue }) => ({
            validator: (_, value: string) =>
              !value || value === getFieldValue('new')
                ? Promise.resolve()
                : Promise.reject(new Error(session('mismatch'))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button htmlType="submit" loading={put.isPending}>
        {t('changePassword')}
      </Button>
    </Form>
  );
}
