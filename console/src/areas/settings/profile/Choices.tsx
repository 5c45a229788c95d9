import { Form, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useChoose } from '@/api/session';
import { localZone, ZONES } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';

/** Language, colours and time zone. They count at once, here and wherever else this account signs in. */
export function Choices() {
  const { t } = useTranslation('profile');
  const { t: frame } = useTranslation('frame');
  const { language, appearance, zone } = usePreferences();
  const choose = useChoose();
  return (
    <Form layout="vertical" component="div">
      <Form.Item label={t('language')} htmlFor="profile-language">
        <Radio.Group
          id="profile-language"
          value={language}
          options={[
            { value: 'en', label: 'English' },
            { value: 'zh', label: '中文' },
          ]}
          onChange={(event) => choose({ language: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={frame('appearance')} htmlFor="profile-appearance">
        <Radio.Group
          id="profile-appearance"
          value={appearance}
          options={(['light', 'dark', 'system'] as const).map((value) => ({
            value,
            label: frame(value),
          }))}
          onChange={(event) => choose({ appearance: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={frame('zone')} htmlFor="profile-zone" extra={t('zoneHelp')}>
        <Select
          id="profile-zone"
          showSearch
          style={{ maxWidth: 320 }}
          value={zone}
          options={ZONES.map((value) => ({
            value,
            label: value === localZone() ? `${value} · ${frame('localZone')}` : value,
          }))}
          onChange={(value: string) => choose({ zone: value })}
        />
      </Form.Item>
    </Form>
  );
}
