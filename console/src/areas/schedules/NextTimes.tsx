import { Flex, Tag, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSchedulePreview } from '@/api/schedules';
import { cronOf } from '@/lib/cycle';
import { inWords } from '@/lib/cycleWords';
import type { Rule } from '@/lib/rule';
import { Failure } from '@/ui/Failure';
import { Moment } from '@/ui/Moment';
import { usePreferences } from '@/ui/preferences';

interface Props {
  project: string;
  job: string;
  rule: Rule;
}

/** The cycle in words and its next five times, as the server works them out. */
export function NextTimes({ project, job, rule }: Props) {
  const { t } = useTranslation('schedules');
  const { language, zone } = usePreferences();
  const preview = useSchedulePreview(project, job, { rule, count: 5 });
  const { cycles = [], inWords: words = '' } = preview.data ?? {};
  return (
    <div className="next-times" aria-live="polite">
      <Typography.Paragraph strong style={{ marginBottom: 4 }}>
        {inWords(cronOf(rule.cycle), words, language)}
        {rule.zone ? ` · ${rule.zone}` : null}
      </Typography.Paragraph>
      {preview.error ? (
        <Failure
          message={preview.error.message}
          hint={preview.error.problems.map((it) => it.message).join('\n') || preview.error.hint}
        />
      ) : (
        <>
          <div>{cycles.length === 0 && !preview.isPending ? t('noCycles') : t('nextTimes')}</div>
          <ol>
            {cycles.map((cycle) => (
              <li key={cycle.cycleAt}>
                <Flex gap={12} wrap>
                  <span className="code">{cycle.cycleAt.replace('T', ' ')}</span>
                  <span>
                    {t('bizdate')} <span className="code">{cycle.bizdate}</span>
                  </span>
                  {rule.zone === zone ? null : (
                    <span>
                      {t('inYourZone')} <Moment at={cycle.dueAt} />
                    </span>
                  )}
                  {cycle.isDryRun ? <Tag>{t('kinds.dryRun')}</Tag> : null}
                </Flex>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
