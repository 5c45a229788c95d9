import { App, Button, Drawer, Flex, Form, Input, Select, Spin } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useConnectorForms } from '@/api/queries';
import { SchemaForm, type Value } from '@/form/SchemaForm';
import { fieldsOf } from '@/form/schema';
import { isWithin } from '@/lib/pointer';
import { Failure } from '@/ui/Failure';
import { Gallery } from './Gallery';
import { TestResult } from './TestResult';

interface Props {
  project: string;
  /** The one to edit; null for a new one. */
  datasource: string | null;
  onClose: () => void;
}

interface Fields {
  name: string;
  environment: Schemas['Environment'];
  description: string;
  resourceGroup: string;
  config: Value;
}

const EMPTY: Fields = {
  name: '',
  environment: 'prod',
  description: '',
  resourceGroup: 'default',
  config: {},
};

/** Loads what is edited, and then shows the form. */
export function DatasourceDrawer({ project, datasource, onClose }: Props) {
  const { t } = useTranslation('datasources');
  const [connector, setConnector] = useState('');
  const known = useRead({
    key: ['datasources', project, 'one', datasource],
    enabled: datasource !== null,
    read: (signal) =>
      answer(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}', {
          params: { path: { project, datasource: datasource ?? '' } },
          signal,
        }),
      ),
  });
  const title = datasource === null ? t('new') : (known.data?.value.name ?? t('edit'));
  if (datasource === null && connector === '') {
    return (
      <Drawer open size={640} title={t('chooseConnector')} onClose={onClose}>
        <Gallery onChoose={setConnector} />
      </Drawer>
    );
  }
  if (datasource === null) {
    return (
      <DatasourceForm
        title={`${title} · ${connector}`}
        project={project}
        connector={connector}
        initial={EMPTY}
        saved={null}
        onBack={() => setConnector('')}
        onClose={onClose}
      />
    );
  }
  if (!known.data) {
    return (
      <Drawer open size={640} title={title} onClose={onClose}>
        {known.error ? (
          <Failure
            message={known.error.message}
            hint={known.error.hint}
            onRetry={() => void known.refetch()}
          />
        ) : (
          <Spin />
        )}
      </Drawer>
    );
  }
  const { value, revision } = known.data;
  return (
    <DatasourceForm
      title={`${title} · ${value.connector}`}
      project={project}
      connector={value.connector}
      initial={{ ...value, config: { ...value.config } }}
      saved={{ id: datasource, revision: revision ?? '' }}
      onClose={onClose}
    />
  );
}

interface FormProps {
  title: string;
  project: string;
  connector: string;
  initial: Fields;
  saved: { id: string; revision: string } | null;
  onBack?: () => void;
  onClose: () => void;
}

function DatasourceForm(props: FormProps) {
  const { title, project, connector, initial, saved, onBack, onClose } = props;
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const { modal } = App.useApp();
  const [fields, setFields] = useState(initial);
  const [report, setReport] = useState<Schemas['TestReport'] | null>(null);
  const forms = useConnectorForms(connector);
  const groups = useRead({
    key: ['groups', project],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/resource-groups', {
          params: { path: { project } },
          signal,
        }),
      ),
  });
  const set = (change: Partial<Fields>) => {
    setFields({ ...fields, ...change });
    // A test speaks of the settings that it was made with.
    if (change.config) setReport(null);
  };
  const test = useChange({
    inForm: true,
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/test', {
          params: { path: { project } },
          body: {
            connector,
            config: fields.config,
            datasource: saved?.id ?? null,
            resourceGroup: fields.resourceGroup,
          },
        }),
      ),
    onDone: setReport,
  });
  const save = useChange({
    inForm: true,
    refresh: [['datasources', project]],
    done: t('saved'),
    onDone: onClose,
    change: () => {
      const { name, environment, description, resourceGroup, config } = fields;
      if (saved) {
        return unwrap(
          client.PATCH('/api/v1/projects/{project}/datasources/{datasource}', {
            params: {
              path: { project, datasource: saved.id },
              header: { 'If-Match': saved.revision },
            },
            body: { description, resourceGroup, config },
          }),
        );
      }
      return unwrap(
        client.POST('/api/v1/projects/{project}/datasources', {
          params: { path: { project } },
          body: { name, environment, connector, description, resourceGroup, config },
        }),
      );
    },
  });
  const failure = save.error ?? test.error;
  const problems = failure?.problems ?? [];
  const about = (name: string) => {
    const found = problems.find((problem) => isWithin(problem.pointer, `/${name}`));
    const help = found ? [found.message, found.hint].filter(Boolean).join(' — ') : undefined;
    return found ? { validateStatus: 'error' as const, help } : {};
  };

  function complete() {
    if (report?.passed) {
      save.mutate();
      return;
    }
    void modal.confirm({
      title: t('untestedTitle'),
      content: report ? t('failedHelp') : t('untestedHelp'),
      okText: t('saveAnyway'),
      cancelText: common('cancel'),
      onOk: () => save.mutate(),
    });
  }

  return (
    <Drawer
      open
      size={640}
      title={title}
      onClose={onClose}
      mask={{ closable: false }}
      footer={
        <Flex gap={8}>
          <Button loading={test.isPending} onClick={() => test.mutate()}>
            {t('testConnectivity')}
          </Button>
          <span style={{ flex: 1 }} />
          {onBack ? <Button onClick={onBack}>{t('back')}</Button> : null}
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button type="primary" loading={save.isPending} onClick={complete}>
            {t('complete')}
          </Button>
        </Flex>
      }
    >
      <Flex vertical gap={16}>
        {report ? <TestResult report={report} /> : null}
        {failure ? (
          <Failure message={failure.message} hint={failure.hint} requestId={failure.requestId} />
        ) : null}
        <Form layout="vertical" component="div">
          <Form.Item
            label={common('name')}
            htmlFor="datasource-name"
            required
            extra={saved ? undefined : t('nameRule')}
            {...about('name')}
          >
            <Input
              id="datasource-name"
              value={fields.name}
              disabled={saved !== null}
              maxLength={60}
              onChange={(event) => set({ name: event.target.value })}
            />
          </Form.Item>
          <Form.Item
            label={common('description')}
            htmlFor="datasource-description"
            {...about('description')}
          >
            <Input
              id="datasource-description"
              value={fields.description}
              maxLength={80}
              showCount
              onChange={(event) => set({ description: event.target.value })}
            />
          </Form.Item>
          <Form.Item
            label={t('resourceGroup')}
            htmlFor="datasource-group"
            {...about('resourceGroup')}
          >
            <Select
              id="datasource-group"
              value={fields.resourceGroup}
              options={groups.data?.items.map((it) => ({ value: it.name, label: it.name }))}
              onChange={(resourceGroup) => set({ resourceGroup })}
            />
          </Form.Item>
          {forms.data ? (
            <SchemaForm
              fields={fieldsOf(forms.data.datasourceSchema)}
              value={fields.config}
              onChange={(config) => set({ config })}
              pointer="/config"
              problems={problems}
            />
          ) : (
            <Spin />
          )}
        </Form>
      </Flex>
    </Drawer>
  );
}
