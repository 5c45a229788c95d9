import { Alert, Button, DatePicker, Form, Input, Modal, Select, Typography } from 'antd';
import type { Dayjs } from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { ROLES } from '@/areas/settings/Members';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { useOpener } from '@/ui/useOpener';

interface Fields {
  description: string;
  projectId: string | null;
  role: Schemas['Role'] | null;
  expiresOn: Dayjs | null;
}

/** The projects that a key can be for. */
export function useProjects() {
  return useRead({
    key: ['projects', 'of-keys'],
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects', { params: { query: { limit: 500 } }, signal })),
  });
}

/** Makes a key, and shows its secret this once. */
export function NewKey({ onClose }: { onClose: () => void }) {
  useOpener();
  const { t } = useTranslation('profile');
  const { t: common } = useTranslation('common');
  const { t: settings } = useTranslation('settings');
  const projects = useProjects();
  const [fields, setFields] = useState<Fields>({
    description: '',
    projectId: null,
    role: null,
    expiresOn: null,
  });
  const set = (change: Partial<Fields>) => setFields({ ...fields, ...change });
  const create = useChange({
    inForm: true,
    refresh: [['access-keys']],
    change: () => {
      const { description, projectId, role, expiresOn } = fields;
      const expiresAt = expiresOn?.endOf('day').toISOString() ?? null;
      return unwrap(
        client.POST('/api/v1/access-keys', { body: { description, projectId, role, expiresAt } }),
      );
    },
  });
  if (create.data) return <Secret created={create.data} onClose={onClose} />;
  const problems = create.error?.problems ?? [];
  return (
    <Modal
      open
      title={t('newKey')}
      okText={common('create')}
      cancelText={common('cancel')}
      confirmLoading={create.isPending}
      onOk={() => create.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" onFinish={() => create.mutate()}>
        <FormFailure
          error={create.error}
          fields={['/description', '/projectId', '/role', '/expiresAt']}
        />
        <Form.Item
          label={common('description')}
          htmlFor="key-description"
          extra={t('keyDescriptionHelp')}
          {...marked(problems, '/description')}
        >
          <Input
            id="key-description"
            autoFocus
            value={fields.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        </Form.Item>
        <Form.Item
          label={t('project')}
          htmlFor="key-project"
          extra={t('projectHelp')}
          {...marked(problems, '/projectId')}
        >
          <Select
            id="key-project"
            allowClear
            placeholder={t('allProjects')}
            value={fields.projectId}
            options={projects.data?.items.map((it) => ({
              value: it.id,
              label: it.title || it.name,
            }))}
            onChange={(projectId: string | undefined) =>
              set(projectId ? { projectId } : { projectId: null, role: null })
            }
          />
        </Form.Item>
        <Form.Item
          label={settings('roleTitle')}
          htmlFor="key-role"
          extra={t('roleHelp')}
          {...marked(problems, '/role')}
        >
          <Select
            id="key-role"
            allowClear
            disabled={fields.projectId === null}
            placeholder={fields.projectId === null ? undefined : t('asMine')}
            value={fields.role}
            options={ROLES.map((value) => ({ value, label: settings(`role.${value}`) }))}
            onChange={(role: Schemas['Role'] | undefined) => set({ role: role ?? null })}
          />
        </Form.Item>
        <Form.Item
          label={t('expires')}
          htmlFor="key-expires"
          extra={t('expiresHelp')}
          {...marked(problems, '/expiresAt')}
        >
          <DatePicker
            id="key-expires"
            value={fields.expiresOn}
            onChange={(expiresOn) => set({ expiresOn })}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}

interface SecretProps {
  created: Schemas['CreatedKey'];
  onClose: () => void;
}

function Secret({ created, onClose }: SecretProps) {
  const { t } = useTranslation('profile');
  const { t: common } = useTranslation('common');
  const text = (name: string, value: string) => (
    <Form.Item label={name}>
      <Typography.Text code copyable={{ text: value, tooltips: [t('copy'), t('copied')] }}>
        {value}
      </Typography.Text>
    </Form.Item>
  );
  return (
    <Modal
      open
      title={t('created')}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {common('close')}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t('onceOnly')} style={{ marginBottom: 16 }} />
      <Form layout="vertical" component="div">
        {text(t('keyId'), created.id)}
        {text(t('secret'), created.secret)}
      </Form>
    </Modal>
  );
}
