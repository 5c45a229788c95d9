import { Badge, Steps } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';
import { datasourceOf, tablesOf, type Step } from '@/lib/document';
import { pairsOf } from '@/lib/mapping';
import { stepOf, type Draft } from './draft';
import { STEPS, type StepName } from './stepNames';

interface Props {
  draft: Draft;
  step: StepName;
  problems: readonly Problem[];
  onGo: (step: StepName) => void;
}

/** The five steps, each with what was chosen in it and how many problems it has. */
export function StepBar({ draft, step, problems, onGo }: Props) {
  const { t } = useTranslation('wizard');
  const { reader, writer, setting } = draft.document.configuration;
  const chosen: Record<StepName, string> = {
    source: placeOf(reader),
    target: placeOf(writer),
    mapping: t('fieldCount', { count: pairsOf(draft.document).length }),
    channel: t('channelCount', { count: Number(setting.speed?.concurrent ?? 1) }),
    review: '',
  };
  return (
    <Steps
      className="steps"
      size="small"
      current={STEPS.indexOf(step)}
      onChange={(index) => onGo(STEPS[index] ?? 'source')}
      items={STEPS.map((name) => {
        const count = problems.filter(
          (problem) => problem.severity === 'error' && stepOf(problem) === name,
        ).length;
        return {
          title: (
            <Badge count={count} size="small" offset={[12, 0]} title={t('problems', { count })}>
              {t(`step.${name}`)}
            </Badge>
          ),
          content: <span title={chosen[name]}>{chosen[name]}</span>,
        };
      })}
    />
  );
}

/** The table of a side, or its data source: of several tables the first one and how many more. */
function placeOf(side: Step): string {
  const [table, ...others] = tablesOf(side);
  if (table === undefined) return datasourceOf(side);
  return others.length > 0 ? `${table} +${others.length}` : table;
}
