import { Checkbox, Flex, Form, Input, InputNumber } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import { CycleFields } from './CycleFields';
import type { PartProps } from './WatchFields';

/** What is told of what is watched. */
export function TriggerFields({ draft, set, problems }: PartProps) {
  const { t } = useTranslation('alerts');
  if (draft.watch === 'datasources') {
    return (
      <Form.Item
        label={t('everyMinutes')}
        htmlFor="rule-every"
        extra={t('everyMinutesHelp')}
        {...marked(problems, '/triggers')}
      >
        <InputNumber
          id="rule-every"
          min={1}
          max={1440}
          precision={0}
          suffix={t('minutes')}
          style={{ width: 160 }}
          value={draft.everyMinutes}
          onChange={(everyMinutes) => set({ everyMinutes: everyMinutes ?? 1 })}
        />
      </Form.Item>
    );
  }
  return (
    <Form.Item label={t('tells')} required {...marked(problems, '/triggers')}>
      <Flex vertical gap={8} role="group" aria-label={t('tells')}>
        <Checkbox
          checked={draft.failed}
          onChange={(event) => set({ failed: event.target.checked })}
        >
          {t('tellFailed')}
        </Checkbox>
        <Flex gap={8} align="center" wrap>
          <Checkbox checked={draft.late} onChange={(event) => set({ late: event.target.checked })}>
            {t('tellLate')}
          </Checkbox>
          <Input
            aria-label={t('lateBy')}
            style={{ width: 90 }}
            placeholder="08:00"
            disabled={!draft.late}
            value={draft.by}
            onChange={(event) => set({ by: event.target.value })}
          />
          <small>{t('lateHelp')}</small>
        </Flex>
        <Checkbox
          checked={draft.lateCycles}
          onChange={(event) => set({ lateCycles: event.target.checked })}
        >
          {t('tellLateCycles')}
        </Checkbox>
        {draft.lateCycles ? <CycleFields draft={draft} set={set} problems={problems} /> : null}
        <Flex gap={8} align="center" wrap>
          <Checkbox
            checked={draft.overtime}
            onChange={(event) => set({ overtime: event.target.checked })}
          >
            {t('tellOvertime')}
          </Checkbox>
          <InputNumber
            aria-label={t('overtimeMinutes')}
            min={1}
            max={10080}
            precision={0}
            suffix={t('minutes')}
            disabled={!draft.overtime}
            value={draft.minutes}
            onChange={(minutes) => set({ minutes: minutes ?? 1 })}
          />
        </Flex>
        <Checkbox
          checked={draft.finished}
          onChange={(event) => set({ finished: event.target.checked })}
        >
          {t('tellFinished')}
        </Checkbox>
        <Flex gap={8} align="center" wrap>
          <Checkbox
            checked={draft.dirtyOver}
            onChange={(event) => set({ dirtyOver: event.target.checked })}
          >
            {t('tellDirty')}
          </Checkbox>
          <InputNumber
            aria-label={t('dirtyRows')}
            min={0}
            precision={0}
            disabled={!draft.dirtyOver}
            value={draft.rows}
            onChange={(rows) => set({ rows: rows ?? 0 })}
          />
        </Flex>
      </Flex>
    </Form.Item>
  );
}
