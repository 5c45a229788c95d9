import { Checkbox, Flex, Form, Input, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import type { QuietHours } from '@/lib/alertRule';
import { ZONES } from '@/lib/time';
import type { PartProps } from './WatchFields';

/** Hours in which nobody is disturbed. */
export function QuietFields({ draft, set, problems }: PartProps) {
  const { t } = useTranslation('alerts');
  const hours = draft.quietHours;
  const change = (part: Partial<QuietHours>) => set({ quietHours: { ...hours, ...part } });
  return (
    <>
      <Form.Item>
        <Checkbox
          checked={draft.isQuiet}
          onChange={(event) => set({ isQuiet: event.target.checked })}
        >
          {t('quiet')}
        </Checkbox>
      </Form.Item>
      {draft.isQuiet ? (
        <div className="nested" style={{ marginBottom: 16 }}>
          <Flex gap={16} wrap>
            <Form.Item
              label={t('from')}
              htmlFor="quiet-from"
              {...marked(problems, '/quietHours/from')}
            >
              <Input
                id="quiet-from"
                style={{ width: 100 }}
                value={hours.from}
                onChange={(event) => change({ from: event.target.value })}
              />
            </Form.Item>
            <Form.Item label={t('to')} htmlFor="quiet-to" {...marked(problems, '/quietHours/to')}>
              <Input
                id="quiet-to"
                style={{ width: 100 }}
                value={hours.to}
                onChange={(event) => change({ to: event.target.value })}
              />
            </Form.Item>
            <Form.Item
              label={t('zone')}
              htmlFor="quiet-zone"
              {...marked(problems, '/quietHours/zone')}
            >
              <Select
                id="quiet-zone"
                showSearch
                style={{ width: 240 }}
                value={hours.zone}
                options={ZONES.map((value) => ({ value }))}
                onChange={(zone: string) => change({ zone })}
              />
            </Form.Item>
          </Flex>
          <Form.Item label={t('then')} htmlFor="quiet-then">
            <Radio.Group
              id="quiet-then"
              vertical
              value={hours.then}
              options={[
                { value: 'hold', label: t('hold') },
                { value: 'drop', label: t('drop') },
              ]}
              onChange={(event) => change({ then: event.target.value })}
            />
          </Form.Item>
        </div>
      ) : null}
    </>
  );
}
