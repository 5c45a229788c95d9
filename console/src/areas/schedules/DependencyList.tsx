import { CloseOutlined } from '@ant-design/icons';
import { Button, Checkbox, Flex, Form, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { JobSelect } from '@/form/JobSelect';

type Dependency = Schemas['ScheduleDependency'];

interface Props {
  project: string;
  job: string;
  dependencies: Dependency[];
  problemOf: (pointer: string) => string | null;
  isDisabled: boolean;
  onChange: (dependencies: Dependency[]) => void;
}

const KINDS = ['sameCycle', 'previousCycle'] as const;

/** What the schedule waits for: other jobs, and its own last run. */
export function DependencyList(props: Props) {
  const { project, job, dependencies, problemOf, isDisabled, onChange } = props;
  const { t } = useTranslation('schedules');
  const waitsForItself = dependencies.some((it) => it.job === job);
  return (
    <>
      {dependencies.map((dependency, index) => {
        if (dependency.job === job) return null;
        const problem = problemOf(`/dependencies/${index}`);
        return (
          <Form.Item
            // Two rows may name the same job while they are edited.
            // oxlint-disable-next-line react/no-array-index-key
            key={index}
            style={{ marginBottom: 8 }}
            validateStatus={problem ? 'error' : ''}
            help={problem ?? undefined}
          >
            <Flex gap={8} wrap>
              <JobSelect
                project={project}
                label={t('dependencyJob', { number: index + 1 })}
                placeholder={t('chooseJob')}
                width={280}
                value={dependency.job || undefined}
                except={[job]}
                isDisabled={isDisabled}
                onChange={(chosen) =>
                  onChange(dependencies.with(index, { ...dependency, job: chosen ?? '' }))
                }
              />
              <Select
                aria-label={t('dependencyKind', { number: index + 1 })}
                style={{ width: 260 }}
                disabled={isDisabled}
                value={dependency.kind}
                options={KINDS.map((value) => ({ value, label: t(`waits.${value}`) }))}
                onChange={(kind) => onChange(dependencies.with(index, { ...dependency, kind }))}
              />
              <Button
                type="text"
                icon={<CloseOutlined />}
                aria-label={t('removeDependency', { number: index + 1 })}
                disabled={isDisabled}
                onClick={() => onChange(dependencies.toSpliced(index, 1))}
              />
            </Flex>
          </Form.Item>
        );
      })}
      <Flex gap={16} wrap align="center">
        <Button
          disabled={isDisabled}
          onClick={() => onChange([...dependencies, { job: '', kind: 'sameCycle' }])}
        >
          {t('addDependency')}
        </Button>
        <Checkbox
          disabled={isDisabled}
          checked={waitsForItself}
          onChange={(event) =>
            onChange(
              event.target.checked
                ? [...dependencies, { job, kind: 'previousCycle' }]
                : dependencies.filter((it) => it.job !== job),
            )
          }
        >
          {t('ownLastRun')}
        </Checkbox>
      </Flex>
    </>
  );
}
