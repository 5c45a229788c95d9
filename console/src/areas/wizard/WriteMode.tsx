import { Form, Radio } from 'antd';
import { useTranslation } from 'react-i18next';
import { textOf, withParameters } from '@/lib/document';
import type { StepProps } from './steps';

const MODES = ['insert', 'update', 'ignore', 'copy'] as const;

/** What happens to a row whose key is already there: each rule with what becomes of the row. */
export function WriteMode({ draft, onChange }: StepProps) {
  const { t } = useTranslation('wizard');
  const value = textOf(draft.document.configuration.writer.parameter.writeMode) || 'insert';
  return (
    <Form.Item label={t('conflict')} id="write-mode">
      <Radio.Group
        className="cards"
        aria-label={t('conflict')}
        value={MODES.find((mode) => value === mode || value.startsWith(`${mode}(`)) ?? value}
        onChange={(event) =>
          onChange({
            ...draft,
            document: withParameters(draft.document, 'writer', { writeMode: event.target.value }),
          })
        }
      >
        {MODES.map((mode) => (
          <Radio key={mode} value={mode} className="card">
            <strong>{t(`mode.${mode}`)}</strong>
            <div>{t(`modeHelp.${mode}`)}</div>
          </Radio>
        ))}
      </Radio.Group>
    </Form.Item>
  );
}
