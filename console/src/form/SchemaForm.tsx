import { Collapse, Divider } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';
import { isWithin, pointerOf } from '@/lib/pointer';
import { SchemaField } from './SchemaField';
import type { Field } from './schema';

export type Value = Record<string, unknown>;

/** What a field may ask the server for, such as the names of tables. */
export type Suggestions = Partial<
  Record<string, { values: string[]; onSearch?: (text: string) => void }>
>;

export interface FormProps {
  fields: Field[];
  value: Value;
  onChange: (value: Value) => void;
  problems?: readonly Problem[];
  /** Where the value lies in what the problems' pointers speak of. */
  pointer?: string;
  suggestions?: Suggestions;
  disabled?: boolean;
}

/** A form drawn from a connector's schema: what is common first, what is rarely needed folded below. */
export function SchemaForm(props: FormProps) {
  const { t } = useTranslation('form');
  // A setting that changes nothing is not offered; one that is there can still be taken away.
  const fields = props.fields.filter(
    (field) => !field.hasNoEffect || props.value[field.name] !== undefined,
  );
  const common = fields.filter((field) => !field.advanced);
  const advanced = fields.filter((field) => field.advanced);
  const groups = [...new Set(common.map((field) => field.group))];
  const hasProblem = advanced.some((field) =>
    props.problems?.some((it) => isWithin(it.pointer, at(props.pointer, field.name))),
  );
  return (
    <>
      {groups.map((group) => (
        <div key={group ?? ''}>
          {group ? (
            <Divider titlePlacement="start" plain>
              {group}
            </Divider>
          ) : null}
          <Fields {...props} fields={common.filter((field) => field.group === group)} />
        </div>
      ))}
      {advanced.length > 0 ? (
        <Collapse
          ghost
          // What is wrong must be seen, so a problem opens the folded part.
          key={String(hasProblem)}
          defaultActiveKey={hasProblem ? ['advanced'] : []}
          items={[
            {
              key: 'advanced',
              label: t('advanced'),
              children: <Fields {...props} fields={advanced} />,
            },
          ]}
        />
      ) : null}
    </>
  );
}

/** Fields one below the other; a field that is emptied leaves the value. */
export function Fields({
  fields,
  value,
  onChange,
  problems = [],
  pointer = '',
  suggestions = {},
  disabled = false,
}: FormProps) {
  return fields.map((field) => (
    <SchemaField
      key={field.name}
      field={field}
      value={value[field.name]}
      isStored={value[field.name] === null && field.type.kind === 'secret'}
      pointer={at(pointer, field.name)}
      problems={problems.filter((it) => isWithin(it.pointer, at(pointer, field.name)))}
      suggestions={suggestions}
      disabled={disabled}
      onChange={(changed) => {
        const { [field.name]: _, ...others } = value;
        onChange(changed === undefined ? others : { ...others, [field.name]: changed });
      }}
    />
  ));
}

function at(pointer: string | undefined, name: string): string {
  return `${pointer ?? ''}${pointerOf([name])}`;
}
