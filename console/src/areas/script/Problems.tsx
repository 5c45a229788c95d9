import { Alert, Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';

interface Props {
  problems: readonly Problem[];
  isChecking: boolean;
  /** Puts the cursor to a place. */
  onGo: (line: number, column: number) => void;
}

/** What the server finds wrong, in the order of the text, each with the way to its line. */
export function Problems({ problems, isChecking, onGo }: Props) {
  const { t } = useTranslation('script');
  return (
    <Flex vertical gap={8} aria-live="polite" aria-busy={isChecking}>
      {problems.length === 0 ? <span>{isChecking ? t('checking') : t('noProblems')}</span> : null}
      {problems.map((problem) => {
        const { line } = problem;
        const column = problem.column ?? 1;
        return (
          <Alert
            key={`${problem.pointer}${line}${problem.message}`}
            type={problem.severity}
            showIcon
            title={problem.message}
            description={
              <>
                {problem.hint ? <div>{problem.hint}</div> : null}
                {line ? (
                  <Button type="link" size="small" onClick={() => onGo(line, column)}>
                    {t('at', { line, column })}
                  </Button>
                ) : null}
              </>
            }
          />
        );
      })}
    </Flex>
  );
}
