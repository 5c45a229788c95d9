import { Form, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import { textOf, withParameters } from '@/lib/document';
import type { Field } from '@/lib/mapping';
import type { StepProps } from './steps';

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
      const isUsable = field.splitKey === 'usable' || (splitsAll && field.splitKey === 'limited');
      const remark = isUsable ? (field.key ? t('bestKey') : field.type) : field.splitKeyReason;
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
