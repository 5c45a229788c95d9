import { Collapse, Form } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useColumns, useConnectorForms, useDatasources } from '@/api/queries';
import { SchemaForm } from '@/form/SchemaForm';
import { fieldsOf, type Field } from '@/form/schema';
import { datasourceOf, tableOf, withStep, type Side } from '@/lib/document';
import { Preview } from './Preview';
import { SidePicker } from './SidePicker';
import { SplitKey } from './SplitKey';
import type { StepProps } from './steps';
import { WriteMode } from './WriteMode';

/** What has a control of its own, here or in another step. */
const OWN = new Set(['datasource', 'table', 'column', 'splitPk', 'writeMode']);

/** The step of one side: its data source and table, and what its connector can be told. */
export function SideStep(props: StepProps & { side: Side }) {
  const { project, draft, onChange, problems, side } = props;
  const { t } = useTranslation('wizard');
  const [isPreviewOpen, setPreviewOpen] = useState(false);
  const step = draft.document.configuration[side];
  const forms = useConnectorForms(step.plugin);
  const datasources = useDatasources(project);
  const datasource = datasources.data?.items.find((it) => it.name === datasourceOf(step))?.id;
  const table = tableOf(step);
  const columns = useColumns({ project, datasource }, table);
  const schema = side === 'reader' ? forms.data?.readerSchema : forms.data?.writerSchema;
  const fields = fieldsOf(schema);
  const has = (name: string) => fields.some((field: Field) => field.name === name);
  return (
    <Form layout="vertical" component="div" style={{ maxWidth: 880 }}>
      <SidePicker {...props} />
      {side === 'reader' && table !== '' ? (
        <Collapse
          style={{ marginBottom: 16 }}
          activeKey={isPreviewOpen ? ['preview'] : []}
          onChange={(keys) => setPreviewOpen(keys.length > 0)}
          items={[
            {
              key: 'preview',
              label: t('preview'),
              children: isPreviewOpen ? (
                <Preview project={project} datasource={datasource} table={table} />
              ) : null,
            },
          ]}
        />
      ) : null}
      {side === 'reader' && has('splitPk') ? (
        <SplitKey {...props} columns={columns.data?.items ?? []} />
      ) : null}
      {side === 'writer' && has('writeMode') ? <WriteMode {...props} /> : null}
      {step.plugin === '' ? null : (
        <SchemaForm
          fields={fields.filter((field) => !OWN.has(field.name))}
          value={step.parameter}
          pointer={`/configuration/${side}/parameter`}
          problems={problems}
          suggestions={{ columns: { values: (columns.data?.items ?? []).map((it) => it.name) } }}
          onChange={(parameter) =>
            onChange({ ...draft, document: withStep(draft.document, side, { ...step, parameter }) })
          }
        />
      )}
    </Form>
  );
}
