import { Alert, Button, Descriptions, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';
import { datasourceOf, tableOf, textsOf, writeDocument } from '@/lib/document';
import { pairsOf } from '@/lib/mapping';
import { stepOf, type StepName } from './draft';
import type { StepProps } from './steps';

interface Props extends StepProps {
  all: readonly Problem[];
  onGo: (step: StepName) => void;
}

/** Everything once more before it is saved, with the script that it makes. */
export function ReviewStep({ draft, all, onGo }: Props) {
  const { t } = useTranslation('wizard');
  const { t: common } = useTranslation('common');
  const { reader, writer, setting } = draft.document.configuration;
  const pairs = pairsOf(draft.document);
  const groups: [StepName, [string, string][]][] = [
    [
      'source',
      [
        [t('datasource'), `${datasourceOf(reader)} (${reader.plugin})`],
        [t('table'), tableOf(reader)],
        [t('filter'), textsOf(reader.parameter.where).join()],
        [t('splitKey'), textsOf(reader.parameter.splitPk).join()],
      ],
    ],
    [
      'target',
      [
        [t('datasource'), `${datasourceOf(writer)} (${writer.plugin})`],
        [t('table'), tableOf(writer)],
        [t('before'), textsOf(writer.parameter.preSql).join('; ')],
        [t('after'), textsOf(writer.parameter.postSql).join('; ')],
      ],
    ],
    ['mapping', [[t('fields'), String(pairs.length)]]],
    [
      'channel',
      [
        [t('channels'), String(setting.speed?.concurrent ?? 1)],
        [
          t('rate'),
          setting.speed?.mbps === undefined ? t('noLimit') : `${setting.speed.mbps} MiB/s`,
        ],
      ],
    ],
  ];
  return (
    <Flex vertical gap={16}>
      {all.length === 0 ? <Alert type="success" showIcon title={t('allRight')} /> : null}
      {all.map((problem) => (
        <Alert
          key={problem.pointer + problem.message}
          type={problem.severity}
          showIcon
          title={problem.message}
          description={problem.hint}
          action={
            stepOf(problem) === 'review' ? undefined : (
              <Button size="small" onClick={() => onGo(stepOf(problem))}>
                {t(`step.${stepOf(problem)}`)}
              </Button>
            )
          }
        />
      ))}
      {groups.map(([step, facts]) => (
        <Descriptions
          key={step}
          title={t(`step.${step}`)}
          size="small"
          bordered
          column={2}
          extra={
            <Button
              type="link"
              aria-label={`${common('edit')}: ${t(`step.${step}`)}`}
              onClick={() => onGo(step)}
            >
              {common('edit')}
            </Button>
          }
          items={facts
            .filter(([, value]) => value !== '')
            .map(([label, value]) => ({ key: label, label, children: value }))}
        />
      ))}
      <section aria-label={t('script')}>
        <h2 style={{ fontSize: 16 }}>{t('script')}</h2>
        <pre className="code script" tabIndex={0}>
          {writeDocument(draft.document)}
        </pre>
      </section>
    </Flex>
  );
}
