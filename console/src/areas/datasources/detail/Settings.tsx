import { Descriptions, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useConnectorForms } from '@/api/queries';
import { fieldsOf } from '@/form/schema';
import { shownOf } from '@/form/shown';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { Moment } from '@/ui/Moment';
import { TestResult } from '../TestResult';

/** How a data source is reached, and what its last test found. */
export function Settings({ datasource }: { datasource: Schemas['Datasource'] }) {
  const { t } = useTranslation('datasource');
  const { t: list } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const forms = useConnectorForms(datasource.connector);
  const { config, lastTest } = datasource;
  return (
    <Flex vertical gap={16} style={{ maxWidth: 880 }}>
      {datasource.problem ? <Failure message={t('unusable')} hint={datasource.problem} /> : null}
      <Descriptions
        bordered
        size="small"
        column={1}
        styles={{ label: { width: 260 } }}
        items={[
          {
            key: 'description',
            label: common('description'),
            children: datasource.description || <span className="null">{t('notSet')}</span>,
          },
          {
            key: 'group',
            label: list('resourceGroup'),
            children: <span className="code">{datasource.resourceGroup}</span>,
          },
          {
            key: 'created',
            label: common('created'),
            children: <Moment at={datasource.createdAt} />,
          },
          {
            key: 'updated',
            label: common('updated'),
            children: <Moment at={datasource.updatedAt} />,
          },
        ]}
      />
      {config ? (
        <Loaded reading={forms}>
          {({ datasourceSchema }) => (
            <Descriptions
              bordered
              size="small"
              column={1}
              title={t('connection')}
              styles={{ label: { width: 260 } }}
              items={shownOf(fieldsOf(datasourceSchema), config).map((line) => ({
                key: line.title,
                label: line.title,
                children: line.isSecret ? (
                  t('stored')
                ) : (
                  <span className={line.text === null ? 'null' : 'code wrap-text'}>
                    {line.text ?? t('notSet')}
                  </span>
                ),
              }))}
            />
          )}
        </Loaded>
      ) : (
        <p>{t('mayNotSeeSettings')}</p>
      )}
      {lastTest ? (
        <section aria-labelledby="last-test">
          <h2 id="last-test">{list('lastTest')}</h2>
          <TestResult report={lastTest} />
        </section>
      ) : null}
    </Flex>
  );
}
