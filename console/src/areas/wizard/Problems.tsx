import { Alert, Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';
import { stepOf } from './draft';
import type { StepName } from './stepNames';

interface Props {
  problems: readonly Problem[];
  /** Leads to the field of a problem. */
  onGo?: ((step: StepName, pointer: string) => void) | undefined;
  /** The step that is shown: what is mended there needs no way. */
  here?: StepName;
}

/** What is wrong, worst first, each with the way to its field. */
export function Problems({ problems, onGo, here = 'review' }: Props) {
  const { t } = useTranslation('wizard');
  if (problems.length === 0) return null;
  return (
    <Flex vertical gap={8} aria-live="polite" style={{ marginBottom: 12 }}>
      {problems
        .toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
        .map((problem) => {
          const step = stepOf(problem);
          return (
            <Alert
              key={problem.pointer + problem.message}
              type={problem.severity}
              showIcon
              title={problem.message}
              description={problem.hint}
              action={
                !onGo || step === here ? undefined : (
                  <Button size="small" onClick={() => onGo(step, problem.pointer)}>
                    {t('mendIn', { step: t(`step.${step}`) })}
                  </Button>
                )
              }
            />
          );
        })}
    </Flex>
  );
}
