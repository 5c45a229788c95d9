import { Form, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
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

/** What the store says of the column; where it says nothing, its type tells. */
function canSplit({ splitKey, arrowType }: Field): boolean {
  return splitKey === undefined ? INTEGERS.has(arrowType) : splitKey === 'usable';
}

const AT = '/configuration/reader/parameter/splitPk';

/** The column by whose values a table is cut into parts. Others are listed with the reason why they cannot be. */
export function SplitKey({
  draft,
  onChange,
  problems,
  columns,
}: StepProps & { columns: readonly Field[] }) {
  const { t } = useTranslation('wizard');
  const { parameter } = draft.document.configuration.reader;
  const splitsAll = parameter.splitMode === 'auto';
  const value = textOf(parameter.splitPk);
  const options = columns
    .map((field) => {
      const isUsable = splitsAll || canSplit(field);
      const reason = field.splitKeyReason ?? t('notSplittable', { type: field.type });
      const remark = isUsable ? (field.key ? t('bestKey') : field.type) : reason;
      return {
        value: field.name,
        label: (
          <>
            {field.name} <small>· {remark}</small>
          </>
        ),
        disabled: !isUsable,
        rank: isUsable ? (field.key ? 0 : 1) : 2,
      };
    })
    .toSorted((a, b) => a.rank - b.rank);
  return (
    <Form.Item
      label={t('splitKey')}
      htmlFor="split-key"
      extra={t('splitKeyHelp')}
      data-pointer={AT}
      {...marked(problems, AT)}
    >
      <Select
        id="split-key"
        allowClear
        showSearch={{ optionFilterProp: 'value' }}
        value={value === '' ? null : value}
        placeholder={t('noSplitKey')}
        options={options}
        onChange={(chosen: string | undefined) =>
          onChange((now) => ({
            ...now,
            document: withParameters(now.document, 'reader', { splitPk: chosen }),
          }))
        }
      />
    </Form.Item>
  );
}
