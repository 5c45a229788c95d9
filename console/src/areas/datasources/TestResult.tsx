import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { Ago } from '@/ui/Moment';
import { StateTag } from '@/ui/StateTag';

/** A connectivity test stage by stage, each with its time; a failure in full. */
export function TestResult({ report }: { report: Schemas['TestReport'] }) {
  const { t } = useTranslation('datasources');
  return (
    <Alert
      type={report.passed ? 'success' : 'error'}
      title={report.passed ? t('passed', { took: report.tookMs }) : t('failed')}
      description={
        <>
          <ol className="stages">
            {report.stages.map((stage, index) => (
              // One stage may stand there more than once.
              // oxlint-disable-next-line react/no-array-index-key
              <li key={`${stage.name} ${index}`}>
                <StateTag tone={stage.failure ? 'failed' : 'succeeded'}>
                  {t(`stage.${stage.name}`, stage.name)}
                </StateTag>{' '}
                {stage.tookMs} ms {stage.remark}
                {stage.failure ? (
                  <div className="stage-failure">
                    {stage.failure.message}
                    {stage.failure.hint ? <div>{stage.failure.hint}</div> : null}
                  </div>
                ) : null}
              </li>
            ))}
          </ol>
          <small>
            {report.resourceGroup ? `${t('testedIn', { group: report.resourceGroup })} · ` : null}
            <Ago at={report.testedAt} />
          </small>
        </>
      }
    />
  );
}
