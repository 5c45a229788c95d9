import { Button, Drawer, Flex, Form, Input, Radio, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useConnectorForms, useGroups } from '@/api/queries';
import { useMay, useProject } from '@/areas/frame/project';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { SchemaForm, type Value } from '@/form/SchemaForm';
import { fieldsOf } from '@/form/schema';
import { Guarded } from '@/ui/Guarded';
import { Loaded } from '@/ui/Loaded';
import { useAsk } from '@/ui/useAsk';
import { TestResult } from './TestResult';

interface Fields {
  name: string;
  environment: Schemas['Environment'];
  description: string;
  resourceGroup: string;
  config: Value;
}

export const EMPTY: Fields = {
  name: '',
  environment: 'prod',
  description: '',
  resourceGroup: 'default',
  config: {},
};

interface Props {
  title: string;
  project: string;
  connector: string;
  initial: Fields;
  saved: { id: string; revision: string } | null;
  lastTest: Schemas['TestReport'] | null;
  onBack?: () => void;
  /** Shows what the server has now. */
  onReload?: () => void;
  onClose: () => void;
}

/** The settings of a data source: tested from here before they are saved. */
export function DatasourceForm(props: Props) {
  const { title, project, connector, initial, saved, lastTest, onBack, onReload, onClose } = props;
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const mayTest = useMay('datasourcesTest');
  const mayManage = useMay('datasourcesManage');
  const hasTwoSides = useProject().data?.mode === 'standard';
  const [fields, setFields] = useState(initial);
  const [report, setReport] = useState(lastTest);
  const [wasTested, setWasTested] = useState(saved !== null && (lastTest?.passed ?? false));
  const forms = useConnectorForms(connector);
  const set = (change: Partial<Fields>) => {
    setFields({ ...fields, ...change });
    // A test speaks of the settings that it was made with.
    if (change.config || change.resourceGroup) {
      setReport(null);
      setWasTested(false);
    }
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
    onDone: (found) => {
      setReport(found);
      setWasTested(found.passed);
    },
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
  // What was tried last is what is told.
  const failure = save.submittedAt > test.submittedAt ? save.error : test.error;
  const problems = failure?.problems ?? [];

  function complete() {
    if (wasTested) {
      save.mutate();
      return;
    }
    askFirst({
      title: t('untestedTitle'),
      help: report && !report.passed ? t('failedHelp') : t('untestedHelp'),
      ok: t('saveAnyway'),
      act: () => save.mutate(),
      isSafe: true,
    });
  }

  function leave(then: () => void) {
    if (fields === initial) {
      then();
      return;
    }
    askFirst({
      title: t('discardTitle'),
      help: t('discardHelp'),
      ok: t('discard'),
      cancel: t('goOn'),
      act: then,
      isSafe: true,
    });
  }

  return (
    <Drawer
      open
      size={640}
      title={title}
      onClose={() => leave(onClose)}
      mask={{ closable: false }}
      footer={
        <Flex gap={8} wrap>
          <Guarded may={mayTest}>
            <Button disabled={!mayTest} loading={test.isPending} onClick={() => test.mutate()}>
              {t('testConnectivity')}
            </Button>
          </Guarded>
          <span style={{ flex: 1 }} />
          {onBack ? <Button onClick={() => leave(onBack)}>{t('back')}</Button> : null}
          <Button onClick={() => leave(onClose)}>{common('cancel')}</Button>
          <Guarded may={mayManage}>
            <Button
              type="primary"
              disabled={!mayManage}
              loading={save.isPending}
              onClick={complete}
            >
              {t('complete')}
            </Button>
          </Guarded>
        </Flex>
      }
    >
      <Form layout="vertical" component="div">
        <div aria-live="polite" style={{ marginBottom: report ? 16 : 0 }}>
          {report ? <TestResult report={report} /> : null}
        </div>
        <FormFailure
          error={failure}
          fields={['/name', '/description', '/resourceGroup', '/config']}
          {...(onReload ? { onReload } : {})}
        />
        <Form.Item
          label={common('name')}
          htmlFor="datasource-name"
          required
          extra={saved ? t('nameStays') : t('nameRule')}
          {...marked(problems, '/name')}
        >
          <Input
            id="datasource-name"
            value={fields.name}
            disabled={saved !== null}
            maxLength={60}
            onChange={(event) => set({ name: event.target.value })}
          />
        </Form.Item>
        {hasTwoSides && saved === null ? (
          <Form.Item label={t('environment')} extra={t('environmentHelp')}>
            <Radio.Group
              aria-label={t('environment')}
              value={fields.environment}
              onChange={(event) =>
                set({ environment: event.target.value === 'dev' ? 'dev' : 'prod' })
              }
              options={[
                { value: 'prod', label: t('prod') },
                { value: 'dev', label: t('dev') },
              ]}
            />
          </Form.Item>
        ) : null}
        <Form.Item
          label={common('description')}
          htmlFor="datasource-description"
          {...marked(problems, '/description')}
        >
          <Input
            id="datasource-description"
            value={fields.description}
            maxLength={80}
            showCount
            onChange={(event) => set({ description: event.target.value })}
          />
        </Form.Item>
        <GroupField
          project={project}
          value={fields.resourceGroup}
          problems={problems}
          onChange={(resourceGroup) => set({ resourceGroup })}
        />
        <Loaded reading={forms}>
          {({ datasourceSchema }) => (
            <SchemaForm
              fields={fieldsOf(datasourceSchema)}
              value={fields.config}
              onChange={(config) => set({ config })}
              pointer="/config"
              problems={problems}
            />
          )}
        </Loaded>
      </Form>
    </Drawer>
  );
}

interface GroupProps {
  project: string;
  value: string;
  problems: readonly Schemas['Problem'][];
  onChange: (group: string) => void;
}

/** The resource group that runs are in, with the addresses that the store must admit for it. */
function GroupField({ project, value, problems, onChange }: GroupProps) {
  const { t } = useTranslation('datasources');
  const groups = useGroups(project);
  const egress = groups.data?.items.find((it) => it.name === value)?.egress ?? [];
  return (
    <Form.Item
      label={t('resourceGroup')}
      htmlFor="datasource-group"
      extra={egress.length > 0 ? t('admit', { addresses: egress.join(', ') }) : t('groupHelp')}
      {...marked(problems, '/resourceGroup')}
    >
      <Select
        id="datasource-group"
        value={value}
        loading={groups.isPending}
        options={groups.data?.items.map((it) => ({ value: it.name, label: it.name }))}
        onChange={onChange}
      />
    </Form.Item>
  );
}
