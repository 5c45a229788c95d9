import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { keysOf } from '@/lib/pointer';

type SetUp = Schemas['SetUp'];

interface Fields extends SetUp {
  repeat: string;
}

/** The first start: whoever has the one-time token becomes the administrator. */
export function SetUpForm({ onEnter }: { onEnter: (session: Schemas['SessionView']) => void }) {
  const { t } = useTranslation('session');
  const [form] = Form.useForm<Fields>();
  const setUp = useChange({
    change: ({ token, name, password }: Fields) =>
      unwrap(client.POST('/api/v1/setup', { body: { token, name, password } })),
    inForm: true,
    onDone: onEnter,
  });
  const required = [{ required: true, message: t('required') }];
  // Problems of a field stand at the field; the rest above the button.
  const problemOf = (field: keyof Fields) =>
    setUp.error?.problems.find((problem) => keysOf(problem.pointer)[0] === field);
  const item = (field: keyof Fields) => {
    const problem = problemOf(field);
    return problem
      ? { validateStatus: 'error' as const, help: problem.hint ?? problem.message }
      : {};
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(fields) => setUp.mutate(fields)}
    >
      <p>{t('setUpIntro')}</p>
      <Form.Item name="token" label={t('token')} rules={required} {...item('token')}>
        <Input autoComplete="off" autoFocus spellCheck={false} />
      </Form.Item>
      <Form.Item name="name" label={t('name')} rules={required} {...item('name')}>
        <Input autoComplete="username" />
      </Form.Item>
      <Form.Item name="password" label={t('password')} rules={required} {...item('password')}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="repeat"
        label={t('repeat')}
        dependencies={['password']}
        rules={[
          ...required,
          ({ getFieldValue }) => ({
            validator: (_, value: string) =>
              !value || value === getFieldValue('password')
                ? Promise.resolve()
                : Promise.reject(new Error(t('mismatch'))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <FormFailure error={setUp.error} fields={['/token', '/name', '/password']} />
      <Button type="primary" htmlType="submit" block loading={setUp.isPending}>
        {t('setUp')}
      </Button>
    </Form>
  );
}
