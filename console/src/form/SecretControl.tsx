import { Button, Flex, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { textOf } from '@/lib/document';
import type { ControlProps } from './Control';

/** A secret: the server never sends one back, so a stored one can be kept, replaced or cleared. */
export function SecretControl({ id, field, value, isStored, onChange, disabled }: ControlProps) {
  const { t } = useTranslation('form');
  // Whether there was a stored one when the form was opened; what is typed later does not change that.
  const [wasStored] = useState(isStored);
  if (isStored) {
    return (
      <Flex gap={8} align="center" id={id}>
        <span>{t('stored')}</span>
        <Button disabled={disabled} onClick={() => onChange('')}>
          {t('replace')}
        </Button>
      </Flex>
    );
  }
  return (
    <Flex gap={8}>
      <Input.Password
        id={id}
        autoComplete="new-password"
        disabled={disabled}
        placeholder={field.placeholder ?? (wasStored ? t('cleared') : undefined)}
        value={textOf(value)}
        onChange={(event) =>
          onChange(event.target.value === '' && !wasStored ? undefined : event.target.value)
        }
      />
      {wasStored ? (
        <Button disabled={disabled} onClick={() => onChange(null)}>
          {t('keep')}
        </Button>
      ) : null}
    </Flex>
  );
}
