import { Alert, Collapse, Form } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { SchemaForm } from '@/form/SchemaForm';
import { withStep, type Parameter, type Side } from '@/lib/document';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { Filter } from './Filter';
import { Preview } from './Preview';
import { SidePicker } from './SidePicker';
import { SplitKey } from './SplitKey';
import type { StepProps } from './steps';
import type { SideView } from './useSides';
import { WriteMode } from './WriteMode';

/** What has a control of its own, here or in another step. */
const OWN = new Set([
  'datasource',
  'table',
  'column',
  'splitPk',
  'where',
  'writeMode',
  'conflictKey',
]);

interface Props extends StepProps {
  side: Side;
  view: SideView;
  other: SideView;
  /** Makes a script of the job. */
  toScript: ReactNode;
}

/** The step of one side: its data source and table, and what its connector can be told. */
export function SideStep(props: Props) {
  const { project, draft, onChange, problems, side, view, toScript } = props;
  const { t } = useTranslation('wizard');
  const [isPreviewOpen, setPreviewOpen] = useState(false);
  const step = draft.document.configuration[side];
  const { form, table, datasource, connector } = view;
  const names = (view.all ?? []).map((it) => it.name);
  const writeMode = form.find((field) => field.name === 'writeMode');
  const isOwn = (name: string) => OWN.has(name) || (side === 'reader' && name === view.place);
  const fields = form
    .filter((field) => !isOwn(field.name))
    .map((field) => {
      if (field.name === 'preSql') return { ...field, title: t('before') };
      if (field.name === 'postSql') return { ...field, title: t('after') };
      // Who writes a query of one's own has left the wizard's way: a table with a mapping.
      return field.name === 'querySql' ? { ...field, advanced: true } : field;
    });
  const put = (parameter: Parameter) =>
    onChange((now) => ({
      ...now,
      document: withStep(now.document, side, { ...now.document.configuration[side], parameter }),
    }));
  const unsaid = fields.filter(
    ({ name, required, type }) =>
      required && type.kind === 'switch' && step.parameter[name] === undefined,
  );
  // A switch that nobody has touched is shown as off, so the job says so where it must say something.
  useEffect(() => {
    if (unsaid.length === 0) return;
    const off = Object.fromEntries(unsaid.map(({ name, fallback }) => [name, fallback === true]));
    put({ ...step.parameter, ...off });
  });
  const partition = view.partitions.map((it) => `${it.name}=\${bdp.system.bizdate}`).join('/');
  if (connector && !connector.capabilities.browser) {
    return (
      <Alert
        type="info"
        showIcon
        title={t('noWizard', { connector: connector.title })}
        description={t('noWizardHelp')}
        action={toScript}
      />
    );
  }
  return (
    <Form layout="vertical" component="div" style={{ maxWidth: 880 }}>
      <SidePicker {...props} />
      {side === 'reader' && table !== '' && view.place !== null ? (
        <Collapse
          style={{ marginBottom: 24 }}
          activeKey={isPreviewOpen ? ['preview'] : []}
          onChange={(keys) => setPreviewOpen(keys.length > 0)}
          items={[
            {
              key: 'preview',
              label: t('preview'),
              children: isPreviewOpen ? (
                <Preview
                  project={project}
                  datasource={datasource?.id}
                  table={table}
                  fields={view.all ?? []}
                />
              ) : null,
            },
          ]}
        />
      ) : null}
      {side === 'reader' && step.plugin !== '' ? <Filter {...props} /> : null}
      {side === 'reader' && view.has('splitPk') ? (
        <SplitKey {...props} columns={view.all ?? []} />
      ) : null}
      {side === 'writer' && writeMode ? (
        <WriteMode {...props} field={writeMode} hasKey={view.has('conflictKey')} columns={names} />
      ) : null}
      {view.forms.error ? (
        <Failure
          message={view.forms.error.message}
          hint={view.forms.error.hint}
          requestId={view.forms.error.requestId}
          onRetry={() => void view.forms.refetch()}
        />
      ) : null}
      {step.plugin === '' ? null : form.length === 0 && !view.forms.error ? (
        <Loading />
      ) : (
        <SchemaForm
          key={step.plugin}
          fields={fields}
          value={step.parameter}
          pointer={`/configuration/${side}/parameter`}
          problems={problems}
          suggestions={{
            columns: { values: names },
            partitions: { values: partition === '' ? [] : [partition] },
          }}
          onChange={put}
        />
      )}
    </Form>
  );
}
