import { useNavigate } from '@tanstack/react-router';
import { Form, Input, Modal, Radio } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Failure } from '@/ui/Failure';

type Fields = Pick<Schemas['NewProject'], 'name' | 'title' | 'description' | 'mode'>;

export function NewProject({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('frame');
  const { t: common } = useTranslation('common');
  const navigate = useNavigate();
  const [form] = Form.useForm<Fields>();
  const create = useChange({
    change: (body: Fields) => unwrap(client.POST('/api/v1/projects', { body })),
    refresh: [['projects']],
    inForm: true,
    onDone: (created) => {
      onClose();
      form.resetFields();
      void navigate({ to: '/projects/$project', params: { project: created.id } });
    },
  });
  return (
    <Modal
      open={open}
      title={t('newProject')}
      okText={common('create')}
      cancelText={common('cancel')}
      confirmLoading={create.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ mode: 'basic' }}
        onFinish={(fields) => create.mutate(fields)}
      >
        <Form.Item
          name="name"
          label={t('projectName')}
          extra={t('projectNameRule')}
          rules={[{ required: true }]}
        >
          <Input autoFocus />
        </Form.Item>
        <Form.Item name="title" label={t('projectTitle')}>
          <Input />
        </Form.Item>
        <Form.Item name="description" label={common('description')}>
          <Input.TextArea autoSize />
        </Form.Item>
        <Form.Item name="mode" label={t('projectMode')}>
          <Radio.Group
            vertical
            options={[
              { value: 'basic', label: t('basic') },
              { value: 'standard', label: t('standard') },
            ]}
          />
        </Form.Item>
        {create.error ? (
          <Failure
            message={[create.error.message, ...create.error.problems.map((it) => it.message)].join(
              '\n',
            )}
            hint={create.error.hint}
          />
        ) : null}
      </Form>
    </Modal>
  );
}
