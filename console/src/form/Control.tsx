import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { AutoComplete, Button, Flex, Input, InputNumber, Radio, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isObject, textOf, textsOf } from '@/lib/document';
import { Code } from '@/ui/Code';
import { Words } from '@/ui/Words';
import { JsonControl } from './JsonControl';
import { MapControl } from './MapControl';
import { ObjectsControl } from './ObjectsControl';
import type { FieldProps } from './SchemaField';
import { Fields } from './SchemaForm';
import { SecretControl } from './SecretControl';
import { UnionControl } from './UnionControl';

export type ControlProps = FieldProps & { id: string };

/** The control for a kind of value. An emptied control gives `undefined`: the setting is left out. */
export function Control(props: ControlProps) {
  const { field, id, value, onChange, disabled, suggestions } = props;
  const { t } = useTranslation('form');
  const { type } = field;
  const offered = field.source ? suggestions[field.source] : undefined;
  const placeholder = field.placeholder ?? undefined;
  switch (type.kind) {
    case 'text':
      if (offered) {
        return (
          <AutoComplete
            id={id}
            value={textOf(value)}
            disabled={disabled}
            allowClear
            placeholder={placeholder}
            options={offered.values.map((name) => ({ value: name }))}
            showSearch={{
              filterOption: !offered.onSearch,
              ...(offered.onSearch ? { onSearch: offered.onSearch } : {}),
            }}
            onChange={(text: string | undefined) => onChange(text || undefined)}
          />
        );
      }
      if (type.widget === 'sql') {
        return (
          <Code
            language="sql"
            label={field.title}
            value={textOf(value)}
            names={suggestions.columns?.values ?? []}
            onChange={disabled ? undefined : (text) => onChange(text || undefined)}
          />
        );
      }
      return type.widget === 'line' ? (
        <Input
          id={id}
          value={textOf(value)}
          disabled={disabled}
          placeholder={placeholder}
          maxLength={type.longest ?? undefined}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      ) : (
        <Input.TextArea
          id={id}
          className="code"
          autoSize={{ minRows: 1, maxRows: 12 }}
          value={textOf(value)}
          disabled={disabled}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      );
    case 'secret':
      return <SecretControl {...props} />;
    case 'number':
      return (
        <InputNumber
          id={id}
          style={{ width: 200 }}
          value={typeof value === 'number' ? value : null}
          disabled={disabled}
          min={type.least ?? undefined}
          max={type.most ?? undefined}
          precision={type.integer ? 0 : undefined}
          placeholder={field.fallback === null ? placeholder : String(field.fallback)}
          onChange={(number) => onChange(number ?? undefined)}
        />
      );
    case 'switch':
      return (
        <Switch
          id={id}
          disabled={disabled}
          checked={typeof value === 'boolean' ? value : field.fallback === true}
          onChange={onChange}
        />
      );
    case 'choice': {
      const chosen = value ?? field.fallback;
      if (type.options.length <= 3) {
        return (
          <Radio.Group
            id={id}
            vertical
            disabled={disabled}
            value={chosen}
            onChange={(event) => onChange(event.target.value)}
            options={type.options.map((option) => ({
              value: option.value,
              label: option.help ? (
                <>
                  {option.value} — <Words text={option.help} />
                </>
              ) : (
                option.value
              ),
            }))}
          />
        );
      }
      return (
        <Select
          id={id}
          allowClear={!field.required}
          disabled={disabled}
          value={chosen}
          onChange={(picked: unknown) => onChange(picked ?? undefined)}
          options={type.options.map((option) => ({
            value: option.value,
            label: option.value,
            help: option.help,
          }))}
          optionRender={renderOption}
        />
      );
    }
    case 'texts':
      return type.widget === 'line' ? (
        <Select
          id={id}
          mode="tags"
          open={offered ? undefined : false}
          suffixIcon={offered ? undefined : null}
          disabled={disabled}
          placeholder={placeholder}
          tokenSeparators={['\n']}
          value={textsOf(value)}
          options={offered?.values.map((name) => ({ value: name, label: name })) ?? []}
          onChange={(texts: string[]) => onChange(texts.length > 0 ? texts : undefined)}
        />
      ) : (
        <Statements {...props} add={t('addStatement')} remove={t('remove')} />
      );
    case 'object':
      return (
        <div className="nested">
          <Fields
            fields={type.fields}
            value={isObject(value) ? value : {}}
            onChange={onChange}
            problems={props.problems}
            pointer={props.pointer}
            disabled={disabled}
          />
        </div>
      );
    case 'union':
      return <UnionControl {...props} type={type} />;
    case 'map':
      return <MapControl {...props} />;
    case 'objects':
      return <ObjectsControl {...props} fields={type.fields} />;
    case 'json':
      return <JsonControl {...props} />;
  }
}

function renderOption({ data }: { data: { label?: ReactNode; help?: string | null } }) {
  return (
    <div>
      <div>{data.label}</div>
      {data.help ? (
        <small style={{ whiteSpace: 'normal' }}>
          <Words text={data.help} />
        </small>
      ) : null}
    </div>
  );
}

/** Several statements, each in an editor of its own, in the order in which they run. */
function Statements({
  id,
  value,
  onChange,
  disabled,
  field,
  suggestions,
  add,
  remove,
}: ControlProps & { add: string; remove: string }) {
  const statements = Array.isArray(value) ? value.map(textOf) : textsOf(value);
  const put = (next: string[]) => onChange(next.length > 0 ? next : undefined);
  return (
    <Flex vertical gap={8} id={id} role="group" aria-label={field.title}>
      {statements.map((statement, index) => (
        // A statement has no name but its place.
        // oxlint-disable-next-line react/no-array-index-key
        <Flex key={index} gap={8} align="start">
          <div style={{ flex: 1, minWidth: 0 }}>
            <Code
              language="sql"
              label={`${field.title} ${index + 1}`}
              value={statement}
              names={suggestions.columns?.values ?? []}
              onChange={disabled ? undefined : (text) => put(statements.with(index, text))}
            />
          </div>
          <Button
            icon={<DeleteOutlined />}
            aria-label={`${remove} ${field.title} ${index + 1}`}
            disabled={disabled}
            onClick={() => put(statements.toSpliced(index, 1))}
          />
        </Flex>
      ))}
      <div>
        <Button
          icon={<PlusOutlined />}
          disabled={disabled}
          onClick={() => put([...statements, ''])}
        >
          {add}
        </Button>
      </div>
    </Flex>
  );
}
