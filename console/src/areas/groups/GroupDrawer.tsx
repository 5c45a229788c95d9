import { Button, Drawer, Flex, Form, Input, InputNumber } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { Lines } from '@/ui/Lines';
import { Edited } from '@/ui/Edited';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  /** The name of the one to edit; null for a new one. */
  group: string | null;
  onClose: () => void;
}

interface Loading {
  value: Fields;
  revision: string | null;
}

type Fields = Pick<Schemas['ResourceGroup'], 'name' | 'description' | 'slots' | 'egress'>;

const EMPTY: Loading = {
  value: { name: '', description: '', slots: 0, egress: [] },
  revision: null,
};

export function GroupDrawer({ project, group, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('groups');
  const known = useRead<Loading>({
    key: ['groups', project, 'one', group],
    isEdited: true,
    read: (signal) =>
      group === null
        ? Promise.resolve(EMPTY)
        : answer(
            client.GET('/api/v1/projects/{project}/resource-groups/{group}', {
              params: { path: { project, group } },
              signal,
            }),
          ),
  });
  return (
    <Drawer
      open
      size={560}
      title={group === null ? t('new') : t('editTitle', { name: group })}
      onClose={onClose}
      mask={{ closable: false }}
    >
      <Edited reading={known}>
        {({ value, revision }, reload) => (
          <GroupForm
            project={project}
            initial={value}
            revision={revision}
            onReload={reload}
            onClose={onClose}
          />
        )}
      </Edited>
    </Drawer>
  );
}

interface FormProps {
  project: string;
  initial: Fields;
  /** Null for a new one. */
  revision: string | null;
  onReload: () => void;
  onClose: () => void;
}

function GroupForm({ project, initial, revision, onReload, onClose }: FormProps) {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const [fields, setFields] = useState(initial);
  const set = (change: Partial<Fields>) => setFields({ ...fields, ...change });
  const save = useChange({
    inForm: true,
    refresh: [['groups', project]],
    done: t('saved'),
    onDone: onClose,
    change: () => {
      const { name, description, slots, egress } = fields;
      if (revision === null) {
        return unwrap(
          client.POST('/api/v1/projects/{project}/resource-groups', {
            params: { path: { project } },
            body: fields,
          }),
        );
      }
      return unwrap(
        client.PATCH('/api/v1/projects/{project}/resource-groups/{group}', {
          params: { path: { project, group: name }, header: { 'If-Match': revision } },
          body: { description, slots, egress },
        }),
      );
    },
  });
  const problems = save.error?.problems ?? [];
  return (
    <Form layout="vertical" onFinish={() => save.mutate()}>
      <FormFailure
        error={save.error}
        fields={['/name', '/description', '/slots', '/egress']}
        onReload={onReload}
      />
      <Form.Item
        label={common('name')}
        htmlFor="group-name"
        required
        extra={revision === null ? t('nameRule') : undefined}
        {...marked(problems, '/name')}
      >
        <Input
          id="group-name"
          autoFocus={revision === null}
          disabled={revision !== null}
          maxLength={60}
          value={fields.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Form.Item>
      <Form.Item
        label={common('description')}
        htmlFor="group-description"
        {...marked(problems, '/description')}
      >
        <Input
          id="group-description"
          maxLength={200}
          showCount
          value={fields.description}
          onChange={(event) => set({ description: event.target.value })}
        />
      </Form.Item>
      <Form.Item
        label={t('slots')}
        htmlFor="group-slots"
        extra={t('slotsHelp')}
        {...marked(problems, '/slots')}
      >
        <InputNumber
          id="group-slots"
          min={0}
          max={10_000}
          precision={0}
          value={fields.slots}
          onChange={(slots) => set({ slots: slots ?? 0 })}
        />
      </Form.Item>
      <Form.Item
        label={t('egress')}
        htmlFor="group-egress"
        extra={t('egressHelp')}
        {...marked(problems, '/egress')}
      >
        <Lines
          id="group-egress"
          placeholder="192.0.2.0/24"
          value={fields.egress}
          onChange={(egress) => set({ egress })}
        />
      </Form.Item>
      <Flex gap={8} justify="end">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {common('save')}
        </Button>
      </Flex>
    </Form>
  );
}
