import { Button, Flex, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useJob } from '@/api/choices';
import { withExpression } from '@/lib/rule';

interface Props {
  project: string;
  jobs: string[];
  variables: Record<string, string>;
  onChange: (variables: Record<string, string>) => void;
}

/** Expressions that win over those of the jobs and their schedules; the variables of the first job are offered. */
export function VariableRows({ project, jobs, variables, onChange }: Props) {
  const { t } = useTranslation('backfills');
  const [added, setAdded] = useState('');
  const first = useJob(project, jobs[0]);
  const declared = jobs.length > 0 ? (first.data?.draft.variables ?? {}) : {};
  const names = [...new Set([...Object.keys(declared), ...Object.keys(variables)])];
  return (
    <Flex vertical gap={8}>
      {names.map((name) => (
        <Input
          key={name}
          className="code"
          prefix={name}
          aria-label={name}
          allowClear
          placeholder={declared[name]}
          value={variables[name] ?? ''}
          onChange={({ target }) =>
            onChange(withExpression(variables, {}, name, target.value || undefined))
          }
        />
      ))}
      <Flex gap={8}>
        <Input
          className="code"
          style={{ width: 200 }}
          aria-label={t('variableName')}
          placeholder={t('variableName')}
          value={added}
          onChange={(event) => setAdded(event.target.value.trim())}
        />
        <Button
          disabled={!/^\w+$/.test(added) || names.includes(added)}
          onClick={() => {
            onChange({ ...variables, [added]: '$bizdate' });
            setAdded('');
          }}
        >
          {t('addVariable')}
        </Button>
      </Flex>
    </Flex>
  );
}
