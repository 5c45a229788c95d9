import { Button, Checkbox, Form, Input, InputNumber } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { Lines } from '@/ui/Lines';
import { Edited } from '@/ui/Edited';

const ONE = '/api/v1/projects/{project}';

interface Props {
  project: string;
  part: 'general' | 'limits';
}

/** A project with the revision that a change has to name. */
export function useRevisedProject(project: string) {
  return useRead({
    key: ['project', project, 'revised'],
    isEdited: true,
    read: (signal) => answer(client.GET(ONE, { params: { path: { project } }, signal })),
  });
}

export function ProjectForm({ project, part }: Props) {
  const known = useRevisedProject(project);
  return (
    <Edited key={project} reading={known}>
      {({ value, revision }, reload) => (
        <Fields part={part} initial={value} revision={revision ?? ''} onReload={reload} />
      )}
    </Edited>
  );
}

interface FieldsProps {
  part: Props['part'];
  initial: Schemas['EnteredProject'];
  revision: string;
  onReload: () => void;
}

function Fields({ part, initial, revision, onReload }: FieldsProps) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const mayChange = useMay('projectSettings');
  const [fields, setFields] = useState(initial);
  const save = useChange({
    inForm: true,
    refresh: [['project', initial.id], ['projects']],
    done: t('saved'),
    onDone: onReload,
    change: () => {
      const { title, description, settings } = fields;
      const params = { path: { project: initial.id }, header: { 'If-Match': revision } };
      const body = part === 'general' ? { title, description } : { settings };
      return unwrap(client.PATCH(ONE, { params, body }));
    },
  });
  const problems = save.error?.problems ?? [];
  const settings = fields.settings;
  const set = (change: Partial<Schemas['ProjectSettings']>) =>
    setFields({ ...fields, settings: { ...settings, ...change } });
  const amount = (name: 'runsAtOnce' | 'runsPerDatasource') => (
    <Form.Item
      label={t(name)}
      htmlFor={name}
      extra={t('zeroIsNone')}
      {...marked(problems, `/settings/${name}`)}
    >
      <InputNumber
        id={name}
        min={0}
        precision={0}
        value={settings[name] ?? 0}
        onChange={(value) => set({ [name]: value ?? 0 })}
      />
    </Form.Item>
  );
  return (
    <Form
      layout="vertical"
      disabled={!mayChange}
      style={{ maxWidth: 560 }}
      onFinish={() => save.mutate()}
    >
      {mayChange ? null : <p>{t('mayNotChange')}</p>}
      <FormFailure
        error={save.error}
        fields={['/title', '/description', '/settings']}
        {...{ onReload }}
      />
      {part === 'general' ? (
        <>
          <Form.Item label={common('name')} htmlFor="project-name" extra={t('nameStays')}>
            <Input id="project-name" className="code" disabled value={initial.name} />
          </Form.Item>
          <Form.Item
            label={t('projectTitle')}
            htmlFor="project-title"
            {...marked(problems, '/title')}
          >
            <Input
              id="project-title"
              value={fields.title}
              onChange={(event) => setFields({ ...fields, title: event.target.value })}
            />
          </Form.Item>
          <Form.Item
            label={common('description')}
            htmlFor="project-description"
            {...marked(problems, '/description')}
          >
            <Input.TextArea
              id="project-description"
              autoSize
              value={fields.description}
              onChange={(event) => setFields({ ...fields, description: event.target.value })}
            />
          </Form.Item>
          <p>{t(`mode.${initial.mode}`)}</p>
        </>
      ) : (
        <>
          {amount('runsAtOnce')}
          {amount('runsPerDatasource')}
          <Form.Item
            label={t('keepRunsDays')}
            htmlFor="keepRunsDays"
            extra={t('keepRunsHelp')}
            {...marked(problems, '/settings/keepRunsDays')}
          >
            <Checkbox
              style={{ marginBottom: 8 }}
              checked={typeof settings.keepRunsDays !== 'number'}
              onChange={(event) => set({ keepRunsDays: event.target.checked ? null : 90 })}
            >
              {t('asInstance')}
            </Checkbox>
            <div>
              <InputNumber
                id="keepRunsDays"
                min={0}
                precision={0}
                disabled={!mayChange || typeof settings.keepRunsDays !== 'number'}
                value={settings.keepRunsDays ?? null}
                onChange={(value) => set({ keepRunsDays: value ?? 0 })}
              />
            </div>
          </Form.Item>
          <Form.Item
            label={t('allowList')}
            htmlFor="allowList"
            extra={t('allowListHelp')}
            {...marked(problems, '/settings/allowList')}
          >
            <Lines
              id="allowList"
              placeholder="192.0.2.0/24"
              disabled={!mayChange}
              value={settings.allowList ?? []}
              onChange={(allowList) => set({ allowList })}
            />
          </Form.Item>
        </>
      )}
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {common('save')}
      </Button>
    </Form>
  );
}
