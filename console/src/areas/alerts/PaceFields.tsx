import { Form, InputNumber } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import type { PartProps } from './WatchFields';

/** How often somebody is disturbed. */
export function PaceFields({ draft, set, problems }: PartProps) {
  const { t } = useTranslation('alerts');
  return (
    <>
      <Form.Item
        label={t('groupMinutes')}
        htmlFor="rule-group"
        extra={t('groupMinutesHelp')}
        {...marked(problems, '/groupMinutes')}
      >
        <InputNumber
          id="rule-group"
          min={0}
          max={1440}
          precision={0}
          suffix={t('minutes')}
          style={{ width: 160 }}
          value={draft.groupMinutes}
          onChange={(groupMinutes) => set({ groupMinutes: groupMinutes ?? 0 })}
        />
      </Form.Item>
      <Form.Item
        label={t('leastMinutes')}
        htmlFor="rule-least"
        extra={t('leastMinutesHelp')}
        {...marked(problems, '/leastMinutes')}
      >
        <InputNumber
          id="rule-least"
          min={0}
          max={1440}
          precision={0}
          suffix={t('minutes')}
          style={{ width: 160 }}
          value={draft.leastMinutes}
          onChange={(leastMinutes) => set({ leastMinutes: leastMinutes ?? 0 })}
        />
      </Form.Item>
      <Form.Item
        label={t('mostADay')}
        htmlFor="rule-most"
        extra={t('mostADayHelp')}
        {...marked(problems, '/mostADay')}
      >
        <InputNumber
          id="rule-most"
          min={1}
          max={1000}
          precision={0}
          placeholder={t('unlimited')}
          style={{ width: 160 }}
          value={draft.mostADay}
          onChange={(mostADay) => set({ mostADay })}
        />
      </Form.Item>
    </>
  );
}
