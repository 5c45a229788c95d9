import { Alert, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { StateTag } from '@/ui/StateTag';

/** A connectivity test stage by stage, each with its time; a failure in full. */
export function TestResult({ report }: { report: Schemas['TestReport'] }) {
  const { t } = useTranslation('datasources');
  return (
    <Alert
      type={report.passed ? 'success' : 'error'}
      aria-live="polite"
      title={report.passed ? t('passed', { took: report.tookMs }) : t('failed')}
      description={
        <Flex vertical gap={6} component="ol" style={{ paddingLeft: 20, margin: 0 }}>
          {report.stages.map((stage) => (
            <li key={stage.name}>
              <StateTag tone={stage.failure ? 'failed' : 'succeeded'}>
                {t(`stage.${stage.name}`, stage.name)}
              </StateTag>{' '}
              {stage.tookMs} ms {stage.remark}
              {stage.failure ? (
                <div style={{ whiteSpace: 'pre-wrap' }}>
                  {stage.failure.message}
                  {stage.failure.hint ? <div>{stage.failure.hint}</div> : null}
                </div>
              ) : null}
            </li>
          ))}
        </Flex>
      }
    />
  );
}
