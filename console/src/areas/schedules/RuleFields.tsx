import { DatePicker, Flex, Form, InputNumber, Radio, Select } from 'antd';
import dayjs from 'dayjs';
import { useTranslation } from 'react-i18next';
import { useCalendars, useGroups } from '@/api/choices';
import {
  CATCH_UP_POLICIES,
  GENERATIONS,
  KINDS,
  OFF_CYCLES,
  OVERLAPS,
  RERUN_POLICIES,
  type Rule,
} from '@/lib/rule';

interface Props {
  project: string;
  rule: Rule;
  problemOf: (pointer: string) => string | null;
  isDisabled: boolean;
  onChange: (change: Partial<Rule>) => void;
}

const DATE = 'YYYY-MM-DD';
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')].map((value) => ({ value }));

/** The zone, the first and last day, and the days off between them. */
export function PeriodFields({ project, rule, problemOf, isDisabled, onChange }: Props) {
  const { t } = useTranslation('schedules');
  const calendars = useCalendars(project);
  const item = itemOf(problemOf);
  const { from, to } = rule.effective;
  return (
    <Flex gap={16} wrap>
      <Form.Item {...item('/zone')} label={t('zone')} htmlFor="schedule-zone">
        <Select
          id="schedule-zone"
          style={{ width: 200 }}
          showSearch
          disabled={isDisabled}
          value={rule.zone}
          options={ZONES}
          onChange={(zone) => onChange({ zone })}
        />
      </Form.Item>
      <Form.Item {...item('/effective')} label={t('effective')} htmlFor="schedule-from">
        <DatePicker.RangePicker
          id={{ start: 'schedule-from', end: 'schedule-to' }}
          allowEmpty
          disabled={isDisabled}
          placeholder={[t('noStart'), t('noEnd')]}
          value={[from ? dayjs(from) : null, to ? dayjs(to) : null]}
          onChange={(days) =>
            onChange({
              effective: {
                from: days?.[0]?.format(DATE) ?? null,
                to: days?.[1]?.format(DATE) ?? null,
              },
            })
          }
        />
      </Form.Item>
      <Form.Item {...item('/calendar')} label={t('calendar')} htmlFor="schedule-calendar">
        <Select
          id="schedule-calendar"
          style={{ width: 200 }}
          allowClear
          placeholder={t('noCalendar')}
          disabled={isDisabled}
          value={rule.calendar}
          options={calendars.data?.items.map(({ name }) => ({ value: name, label: name }))}
          onChange={(calendar: string | undefined) => onChange({ calendar: calendar ?? null })}
        />
      </Form.Item>
      <Form.Item
        {...item('/generation')}
        label={t('generation')}
        htmlFor="schedule-generation"
        extra={t('generationHelp')}
      >
        <Select
          id="schedule-generation"
          style={{ width: 210 }}
          disabled={isDisabled}
          value={rule.generation}
          options={GENERATIONS.map((value) => ({ value, label: t(`generations.${value}`) }))}
          onChange={(generation) => onChange({ generation })}
        />
      </Form.Item>
    </Flex>
  );
}

/** What happens to cycles: when they overlap, fail, take too long, or were missed. */
export function RunFields({ project, rule, problemOf, isDisabled, onChange }: Props) {
  const { t } = useTranslation('schedules');
  const groups = useGroups(project);
  const item = itemOf(problemOf);
  const { rerun, catchUp } = rule;
  return (
    <>
      <Form.Item {...item('/kind')} label={t('kind')} extra={t(`kindHelp.${rule.kind}`)}>
        <Radio.Group
          aria-label={t('kind')}
          optionType="button"
          disabled={isDisabled}
          value={rule.kind}
          options={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
          onChange={({ target }) => onChange({ kind: one(KINDS, target.value) })}
        />
      </Form.Item>
      <Form.Item {...item('/overlap')} label={t('overlap')}>
        <Radio.Group
          aria-label={t('overlap')}
          vertical
          disabled={isDisabled}
          value={rule.overlap}
          options={OVERLAPS.map((value) => ({ value, label: t(`overlaps.${value}`) }))}
          onChange={({ target }) => onChange({ overlap: one(OVERLAPS, target.value) })}
        />
      </Form.Item>
      <Flex gap={16} wrap>
        <Form.Item {...item('/rerun/policy')} label={t('rerunPolicy')} htmlFor="schedule-rerun">
          <Select
            id="schedule-rerun"
            style={{ width: 200 }}
            disabled={isDisabled}
            value={rerun.policy}
            options={RERUN_POLICIES.map((value) => ({ value, label: t(`rerunPolicies.${value}`) }))}
            onChange={(policy) =>
              onChange({ rerun: { ...rerun, policy, times: policy === 'never' ? 0 : rerun.times } })
            }
          />
        </Form.Item>
        <Form.Item {...item('/rerun/times')} label={t('retries')} htmlFor="schedule-retries">
          <InputNumber
            id="schedule-retries"
            min={0}
            max={10}
            suffix={t('times')}
            disabled={isDisabled || rerun.policy === 'never'}
            value={rerun.times}
            onChange={(times) => onChange({ rerun: { ...rerun, times: times ?? 0 } })}
          />
        </Form.Item>
        <Form.Item {...item('/rerun/delayMinutes')} label={t('delay')} htmlFor="schedule-delay">
          <InputNumber
            id="schedule-delay"
            min={1}
            max={30}
            suffix={t('minutes')}
            disabled={isDisabled || rerun.times === 0}
            value={rerun.delayMinutes}
            onChange={(delay) => onChange({ rerun: { ...rerun, delayMinutes: delay ?? 1 } })}
          />
        </Form.Item>
        <Form.Item {...item('/timeoutMinutes')} label={t('timeout')} htmlFor="schedule-timeout">
          <InputNumber
            id="schedule-timeout"
            min={1}
            max={10_080}
            placeholder={t('noLimit')}
            suffix={t('minutes')}
            style={{ width: 160 }}
            disabled={isDisabled}
            value={rule.timeoutMinutes}
            onChange={(timeoutMinutes) => onChange({ timeoutMinutes })}
          />
        </Form.Item>
        <Form.Item {...item('/priority')} label={t('priority')} htmlFor="schedule-priority">
          <InputNumber
            id="schedule-priority"
            min={1}
            max={9}
            disabled={isDisabled}
            value={rule.priority}
            onChange={(priority) => onChange({ priority: priority ?? 5 })}
          />
        </Form.Item>
        <Form.Item {...item('/resourceGroup')} label={t('group')} htmlFor="schedule-group">
          <Select
            id="schedule-group"
            style={{ width: 240 }}
            allowClear
            placeholder={t('groupOfSources')}
            disabled={isDisabled}
            value={rule.resourceGroup}
            options={groups.data?.items.map(({ name }) => ({ value: name, label: name }))}
            onChange={(group: string | undefined) => onChange({ resourceGroup: group ?? null })}
          />
        </Form.Item>
        <Form.Item {...item('/catchUp')} label={t('catchUp')} htmlFor="schedule-catch-up">
          <Select
            id="schedule-catch-up"
            style={{ width: 240 }}
            disabled={isDisabled}
            value={catchUp.policy}
            options={CATCH_UP_POLICIES.map((value) => ({
              value,
              label: t(`catchUpPolicies.${value}`),
            }))}
            onChange={(policy) => onChange({ catchUp: { ...catchUp, policy } })}
          />
        </Form.Item>
        {catchUp.policy === 'all' ? (
          <Form.Item
            {...item('/catchUp/parallel')}
            label={t('parallel')}
            htmlFor="schedule-parallel"
          >
            <InputNumber
              id="schedule-parallel"
              min={1}
              max={10}
              disabled={isDisabled}
              value={catchUp.parallel}
              onChange={(parallel) =>
                onChange({ catchUp: { ...catchUp, parallel: parallel ?? 1 } })
              }
            />
          </Form.Item>
        ) : null}
        {['week', 'month', 'year', 'cron'].includes(rule.cycle.kind) || rule.calendar ? (
          <Form.Item {...item('/offCycle')} label={t('offCycle')} htmlFor="schedule-off">
            <Select
              id="schedule-off"
              style={{ width: 300 }}
              disabled={isDisabled}
              value={rule.offCycle}
              options={OFF_CYCLES.map((value) => ({ value, label: t(`offCycles.${value}`) }))}
              onChange={(offCycle) => onChange({ offCycle })}
            />
          </Form.Item>
        ) : null}
      </Flex>
    </>
  );
}

/** What a form item says about the problems of its field. */
function itemOf(problemOf: Props['problemOf']) {
  return (pointer: string) => {
    const problem = problemOf(pointer);
    return problem ? ({ validateStatus: 'error', help: problem } as const) : {};
  };
}

function one<T extends string>(known: readonly [T, ...T[]], value: unknown): T {
  return known.find((it) => it === value) ?? known[0];
}
