import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Flex, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isObject, textOf } from '@/lib/document';
import type { ControlProps } from './Control';

/** Names with values. Rows keep their order while they are typed; a row without a name is not kept. */
export function MapControl({ id, field, value, onChange, disabled }: ControlProps) {
  const { t } = useTranslation('form');
  const [rows, setRows] = useState<[string, string][]>(() =>
    Object.entries(isObject(value) ? value : {}).map(([name, it]) => [name, textOf(it)]),
  );
  const put = (next: [string, string][]) => {
    setRows(next);
    const named = next.filter(([name]) => name !== '');
    onChange(named.length > 0 ? Object.fromEntries(named) : undefined);
  };
  return (
    <Flex vertical gap={8} id={id}>
      {rows.map(([name, text], index) => (
        // A row has no name of its own while its name is typed.
        // oxlint-disable-next-line react/no-array-index-key
        <Flex key={index} gap={8}>
          <Input
            aria-label={`${field.title} ${index + 1}: ${t('key')}`}
            value={name}
            disabled={disabled}
            onChange={(event) => put(rows.with(index, [event.target.value, text]))}
          />
          <Input
            aria-label={`${field.title} ${index + 1}: ${t('value')}`}
            value={text}
            disabled={disabled}
            onChange={(event) => put(rows.with(index, [name, event.target.value]))}
          />
          <Button
            icon={<DeleteOutlined />}
            aria-label={`${t('remove')} ${name}`}
            disabled={disabled}
            onClick={() => put(rows.toSpliced(index, 1))}
          />
        </Flex>
      ))}
      <div>
        <Button
          icon={<PlusOutlined />}
          disabled={disabled}
          onClick={() => put([...rows, ['', '']])}
        >
          {t('addEntry')}
        </Button>
      </div>
    </Flex>
  );
}
