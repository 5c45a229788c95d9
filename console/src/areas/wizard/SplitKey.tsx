import { Form, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { textOf, withParameters } from '@/lib/document';
import type { Field } from '@/lib/mapping';
import type { StepProps } from './steps';

/** Integers are split by ranges; every other type is read in one part, so it is listed but cannot be chosen. */
const INTEGERS = new Set([
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
]);

export function SplitKey({ draft, onChange, columns }: StepProps & { columns: Field[] }) {
  const { t } = useTranslation('wizard');
  const { parameter } = draft.document.configuration.reader;
  const splitsAll = parameter.splitMode === 'auto';
  const value = textOf(parameter.splitPk);
  const options = columns
    .map((field) => {
      const isUsable = splitsAll || INTEGERS.has(field.arrowType);
      const remark = isUsable
        ? field.key
          ? t('key')
          : ''
        : t('notSplittable', { type: field.type });
      return {
        value: field.name,
        label: remark === '' ? field.name : `${field.name} · ${remark}`,
        disabled: !isUsable,
      };
    })
    .toSorted((a, b) => Number(a.disabled) - Number(b.disabled));
  return (
    <Form.Item label={t('splitKey')} htmlFor="split-key" extra={t('splitKeyHelp')}>
      <Select
        id="split-key"
        allowClear
        showSearch
        value={value === '' ? null : value}
        placeholder={t('noSplitKey')}
        options={options}
        onChange={(chosen: string | undefined) =>
          onChange({
            ...draft,
            document: withParameters(draft.document, 'reader', { splitPk: chosen }),
          })
        }
      />
    </Form.Item>
  );
}
