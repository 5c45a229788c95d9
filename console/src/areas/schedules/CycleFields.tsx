import { Checkbox, Flex, Form, Input, InputNumber, Select, TimePicker } from 'antd';
import dayjs from 'dayjs';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CYCLE_KINDS, cronOf, cycleOf, DAYS, ofKind, type Cycle } from '@/lib/cycle';

interface Props {
  cycle: Cycle;
  problem: string | null;
  isDisabled: boolean;
  onChange: (cycle: Cycle) => void;
}

const CLOCK = 'HH:mm';
const HOURS = Array.from({ length: 24 }, (_, hour) => ({
  value: hour,
  label: String(hour).padStart(2, '0'),
}));
const DATES = Array.from({ length: 31 }, (_, index) => ({
  value: index + 1,
  label: String(index + 1),
}));

/** The cycle by its parts and as cron text; each follows the other. */
export function CycleFields({ cycle, problem, isDisabled, onChange }: Props) {
  const { t } = useTranslation('schedules');
  const cron = cycle.kind === 'cron' ? cycle.text : cronOf(cycle);
  const entered = useRef(cron);
  return (
    <>
      <Form.Item
        label={t('cycle')}
        validateStatus={problem ? 'error' : ''}
        help={problem ?? undefined}
      >
        <Flex gap={8} wrap align="center">
          <Select
            aria-label={t('cycle')}
            style={{ width: 160 }}
            disabled={isDisabled}
            value={cycle.kind}
            options={CYCLE_KINDS.map((kind) => ({ value: kind, label: t(`cycles.${kind}`) }))}
            onChange={(kind) => onChange(ofKind(cycle, kind))}
          />
          <Parts cycle={cycle} isDisabled={isDisabled} onChange={onChange} />
        </Flex>
      </Form.Item>
      <Form.Item
        label={t('cron')}
        htmlFor="schedule-cron"
        extra={cron === null ? t('noCron') : t('cronHelp')}
      >
        <Input
          id="schedule-cron"
          className="code"
          style={{ width: 240 }}
          disabled={isDisabled}
          value={cron ?? ''}
          onChange={(event) => onChange({ kind: 'cron', text: event.target.value })}
          onFocus={() => {
            entered.current = cron;
          }}
          onBlur={() => {
            // What was typed as cron text is shown by its parts where they can say it.
            if (cycle.kind === 'cron' && cycle.text !== entered.current) {
              onChange(cycleOf(cycle.text));
            }
          }}
        />
      </Form.Item>
    </>
  );
}

type PartProps = Omit<Props, 'problem'>;

function Parts({ cycle, isDisabled, onChange }: PartProps) {
  const { t } = useTranslation('schedules');
  switch (cycle.kind) {
    case 'minute':
    case 'hour':
      return (
        <>
          <InputNumber
            aria-label={t('every')}
            prefix={t('every')}
            suffix={t(cycle.kind === 'minute' ? 'minutes' : 'hoursUnit')}
            style={{ width: 180 }}
            disabled={isDisabled}
            min={1}
            max={cycle.kind === 'minute' ? 59 : 23}
            value={cycle.every}
            onChange={(every) => onChange({ ...cycle, every: every ?? 1 })}
          />
          <Time
            label={t('fromTime')}
            value={cycle.from ?? '00:00'}
            isDisabled={isDisabled}
            onChange={(from) => onChange({ ...cycle, from })}
          />
          <Time
            label={t('toTime')}
            value={cycle.to ?? '23:59'}
            isDisabled={isDisabled}
            onChange={(to) => onChange({ ...cycle, to })}
          />
        </>
      );
    case 'hours':
      return (
        <>
          <Select
            mode="multiple"
            aria-label={t('hours')}
            placeholder={t('hours')}
            style={{ minWidth: 200, maxWidth: 420 }}
            disabled={isDisabled}
            value={cycle.hours}
            options={HOURS}
            onChange={(hours) => onChange({ ...cycle, hours })}
          />
          <InputNumber
            aria-label={t('minute')}
            prefix={t('minute')}
            style={{ width: 130 }}
            disabled={isDisabled}
            min={0}
            max={59}
            value={cycle.minute ?? 0}
            onChange={(minute) => onChange({ ...cycle, minute: minute ?? 0 })}
          />
        </>
      );
    case 'cron':
      return null;
    default:
      return (
        <>
          <OnDays cycle={cycle} isDisabled={isDisabled} onChange={onChange} />
          <Time
            label={t('at')}
            value={cycle.at ?? ''}
            isDisabled={isDisabled}
            onChange={(at) => onChange({ ...cycle, at })}
          />
        </>
      );
  }
}

function OnDays({ cycle, isDisabled, onChange }: PartProps) {
  const { t } = useTranslation('schedules');
  if (cycle.kind === 'week') {
    return (
      <Select
        mode="multiple"
        aria-label={t('weekdays')}
        placeholder={t('weekdays')}
        style={{ minWidth: 220, maxWidth: 420 }}
        disabled={isDisabled}
        value={cycle.days}
        options={DAYS.map((day) => ({ value: day, label: t(`days.${day}`) }))}
        onChange={(days) => onChange({ ...cycle, days })}
      />
    );
  }
  if (cycle.kind === 'month') {
    return (
      <>
        <Select
          mode="multiple"
          aria-label={t('dates')}
          placeholder={t('dates')}
          style={{ minWidth: 160, maxWidth: 420 }}
          disabled={isDisabled}
          value={cycle.days ?? []}
          options={DATES}
          onChange={(days) => onChange({ ...cycle, days })}
        />
        <Checkbox
          disabled={isDisabled}
          checked={cycle.lastDay ?? false}
          onChange={(event) => onChange({ ...cycle, lastDay: event.target.checked })}
        >
          {t('lastDay')}
        </Checkbox>
      </>
    );
  }
  if (cycle.kind === 'year') {
    return (
      <Select
        mode="tags"
        aria-label={t('datesOfYear')}
        placeholder={t('datesOfYear')}
        style={{ minWidth: 220, maxWidth: 420 }}
        disabled={isDisabled}
        open={false}
        suffixIcon={null}
        tokenSeparators={[',', ' ']}
        value={cycle.dates}
        onChange={(dates) => onChange({ ...cycle, dates })}
      />
    );
  }
  return null;
}

interface TimeProps {
  label: string;
  value: string;
  isDisabled: boolean;
  onChange: (value: string) => void;
}

function Time({ label, value, isDisabled, onChange }: TimeProps) {
  const time = dayjs(`2026-01-01T${value}`);
  return (
    <TimePicker
      aria-label={label}
      prefix={label}
      format={CLOCK}
      allowClear={false}
      needConfirm={false}
      style={{ width: 150 }}
      disabled={isDisabled}
      value={time.isValid() ? time : null}
      onChange={(chosen) => chosen && onChange(chosen.format(CLOCK))}
    />
  );
}
