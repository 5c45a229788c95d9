import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';

interface Props {
  name?: string;
  onEnter: (session: Schemas['SessionView']) => void;
}

export function SignInForm({ name, onEnter }: Props) {
  const { t } = useTranslation('session');
  const [form] = Form.useForm<Schemas['SignIn']>();
  const signIn = useChange({
    change: (body: Schemas['SignIn']) => unwrap(client.POST('/api/v1/session', { body })),
    inForm: true,
    onDone: onEnter,
  });
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ name }}
      onFinish={(body) => signIn.mutate(body)}
    >
      <Form.Item name="name" label={t('name')} rules={[{ required: true, message: t('required') }]}>
        <Input autoComplete="username" autoFocus={!name} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t('password')}
        rules={[{ required: true, message: t('required') }]}
      >
        <Input.Password autoComplete="current-password" autoFocus={Boolean(name)} />
      </Form.Item>
      <FormFailure error={signIn.error} />
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
        {t('signIn')}
      </Button>
    </Form>
  );
}
