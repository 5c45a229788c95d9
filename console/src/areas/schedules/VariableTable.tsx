import { Button, DatePicker, Flex, Form, Input, Table } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSchedulePreview } from '@/api/schedules';
import { withExpression, type Rule } from '@/lib/rule';
import { instantOf } from '@/lib/time';

interface Props {
  project: string;
  job: string;
  rule: Rule;
  /** The rule once it has been still for a while. */
  stillRule: Rule;
  /** What the job itself declares. */
  declared: Record<string, string>;
  problemOf: (pointer: string) => string | null;
  isDisabled: boolean;
  onChange: (parameters: Record<string, string>) => void;
}

interface Row {
  name: string;
  expression: string;
  from: 'job' | 'schedule' | 'system';
  sample: string | null;
  error: string | null;
}

/** The variables of the job, what the schedule makes of them, and their values for a day. */
export function VariableTable(props: Props) {
  const { project, job, rule, stillRule, declared, problemOf, isDisabled, onChange } = props;
  const { t } = useTranslation('schedules');
  const [date, setDate] = useState<string | null>(null);
  const [added, setAdded] = useState('');
  const from = date === null ? null : instantOf(`${date}T00:00:00`, stillRule.zone).toISOString();
  const preview = useSchedulePreview(project, job, { rule: stillRule, count: 1, from });
  const cycle = preview.data?.cycles[0];
  const samples = new Map(cycle?.parameters.map((it) => [it.reference, it]));
  const names = [...new Set([...Object.keys(declared), ...Object.keys(rule.parameters)])];
  const rows = names.map((name): Row => {
    const sample = samples.get(`\${${name}}`);
    return {
      name,
      expression: rule.parameters[name] ?? declared[name] ?? '',
      from: name in rule.parameters ? 'schedule' : 'job',
      sample: sample?.value ?? null,
      error: problemOf(`/parameters/${name}`) ?? sample?.error ?? null,
    };
  });
  const own = new Set(names.map((name) => `\${${name}}`));
  for (const { reference, value, error } of samples.values()) {
    if (own.has(reference)) continue;
    rows.push({
      name: reference,
      expression: '',
      from: 'system',
      sample: value ?? null,
      error: error ?? null,
    });
  }
  const set = (name: string, expression: string | undefined) =>
    onChange(withExpression(rule.parameters, declared, name, expression));
  return (
    <>
      <Table<Row>
        size="small"
        rowKey="name"
        pagination={false}
        dataSource={rows}
        locale={{ emptyText: <span className="hint">{t('noVariables')}</span> }}
        columns={[
          { title: t('variable'), dataIndex: 'name', className: 'code' },
          {
            title: t('expression'),
            key: 'expression',
            render: (_, row) =>
              row.from === 'system' ? (
                t('fromSystem')
              ) : (
                <Input
                  className="code"
                  aria-label={`${t('expression')} ${row.name}`}
                  disabled={isDisabled}
                  status={row.error ? 'error' : ''}
                  value={row.expression}
                  onChange={(event) => set(row.name, event.target.value)}
                />
              ),
          },
          {
            title: t('sample'),
            key: 'sample',
            className: 'code',
            render: (_, row) =>
              row.error ? <span className="wrong">{row.error}</span> : (row.sample ?? '–'),
          },
          {
            title: t('origin'),
            key: 'from',
            render: (_, row) =>
              row.from === 'schedule' ? (
                <Button
                  type="link"
                  size="small"
                  disabled={isDisabled}
                  aria-label={`${t(row.name in declared ? 'asJob' : 'remove')} ${row.name}`}
                  onClick={() => set(row.name, undefined)}
                >
                  {t(row.name in declared ? 'asJob' : 'remove')}
                </Button>
              ) : (
                t(`from.${row.from}`)
              ),
          },
        ]}
      />
      <Flex gap={8} wrap style={{ marginTop: 8 }} align="center">
        <Input
          className="code"
          style={{ width: 180 }}
          aria-label={t('newVariable')}
          placeholder={t('newVariable')}
          disabled={isDisabled}
          value={added}
          onChange={(event) => setAdded(event.target.value.trim())}
        />
        <Button
          disabled={isDisabled || !/^\w+$/.test(added) || names.includes(added)}
          onClick={() => {
            set(added, '$bizdate');
            setAdded('');
          }}
        >
          {t('addVariable')}
        </Button>
        <span style={{ flex: 1 }} />
        <Form.Item label={t('sampleFor')} htmlFor="schedule-sample" style={{ margin: 0 }}>
          <DatePicker
            id="schedule-sample"
            placeholder={t('nextCycle')}
            value={date === null ? null : dayjs(date)}
            onChange={(day) => setDate(day ? day.format('YYYY-MM-DD') : null)}
          />
        </Form.Item>
      </Flex>
      {cycle ? (
        <div className="hint">
          {t('sampleIs', { cycle: cycle.cycleAt.replace('T', ' '), bizdate: cycle.bizdate })}
        </div>
      ) : null}
    </>
  );
}
