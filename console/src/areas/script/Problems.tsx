import { Alert, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';

/** What the server finds wrong, in the order of the text. */
export function Problems({
  problems,
  isChecking,
}: {
  problems: readonly Problem[];
  isChecking: boolean;
}) {
  const { t } = useTranslation('script');
  return (
    <Flex vertical gap={8} aria-live="polite" aria-busy={isChecking}>
      {problems.length === 0 ? <span>{isChecking ? t('checking') : t('noProblems')}</span> : null}
      {problems.map((problem) => (
        <Alert
          key={`${problem.pointer}${problem.line}${problem.message}`}
          type={problem.severity}
          showIcon
          title={problem.message}
          description={
            <>
              {problem.hint}
              {problem.line ? (
                <div className="code">
                  {t('at', { line: problem.line, column: problem.column ?? 1 })}
                </div>
              ) : null}
            </>
          }
        />
      ))}
    </Flex>
  );
}
