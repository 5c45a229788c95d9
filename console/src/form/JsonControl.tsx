import { Input, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ControlProps } from './Control';

/** A value of any shape as JSON text. Text that is none is shown as such and changes nothing. */
export function JsonControl({ id, value, onChange, disabled, field }: ControlProps) {
  const { t } = useTranslation('form');
  const [text, setText] = useState(() =>
    value === undefined ? '' : JSON.stringify(value, null, 2),
  );
  const [isBroken, setBroken] = useState(false);
  return (
    <>
      <Input.TextArea
        id={id}
        className="code"
        autoSize={{ minRows: 2, maxRows: 16 }}
        placeholder={field.placeholder ?? undefined}
        value={text}
        disabled={disabled}
        status={isBroken ? 'error' : undefined}
        onChange={(event) => {
          const typed = event.target.value;
          setText(typed);
          try {
            onChange(typed.trim() === '' ? undefined : JSON.parse(typed));
            setBroken(false);
          } catch {
            setBroken(true);
          }
        }}
      />
      {isBroken ? <Typography.Text type="danger">{t('notJson')}</Typography.Text> : null}
    </>
  );
}
