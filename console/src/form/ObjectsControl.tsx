import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { isObject } from '@/lib/document';
import { pointerOf } from '@/lib/pointer';
import type { ControlProps } from './Control';
import { JsonControl } from './JsonControl';
import type { Field } from './schema';
import { Fields } from './SchemaForm';

/** Several objects of the same fields, one below the other. What is no such list stays JSON, so that nothing is lost. */
export function ObjectsControl({ fields, ...props }: ControlProps & { fields: Field[] }) {
  const { id, field, value = [], onChange, pointer, problems, disabled } = props;
  const { t } = useTranslation('form');
  if (!Array.isArray(value) || !value.every(isObject)) return <JsonControl {...props} />;
  const put = (items: object[]) => onChange(items.length > 0 ? items : undefined);
  return (
    <Flex vertical gap={8} id={id} role="group" aria-label={field.title}>
      {value.map((item, index) => (
        // An item has no name but its place.
        // oxlint-disable-next-line react/no-array-index-key
        <Flex key={index} gap={8} align="start">
          <Flex
            vertical
            className="nested content"
            role="group"
            aria-label={`${field.title} ${index + 1}`}
          >
            <Fields
              fields={fields}
              value={item}
              onChange={(changed) => put(value.with(index, changed))}
              problems={problems}
              pointer={`${pointer}${pointerOf([index])}`}
              disabled={disabled}
            />
          </Flex>
          <Button
            icon={<DeleteOutlined />}
            aria-label={`${t('remove')} ${field.title} ${index + 1}`}
            disabled={disabled}
            onClick={() => put(value.toSpliced(index, 1))}
          />
        </Flex>
      ))}
      <div>
        <Button icon={<PlusOutlined />} disabled={disabled} onClick={() => put([...value, {}])}>
          {t('addEntry')}
        </Button>
      </div>
    </Flex>
  );
}
