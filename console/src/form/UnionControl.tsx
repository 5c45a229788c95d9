import { Segmented, Select } from 'antd';
import { useRef } from 'react';
import { isObject, textOf } from '@/lib/document';
import type { ControlProps } from './Control';
import { Fields, type Value } from './SchemaForm';
import type { Kind } from './schema';

type Union = Extract<Kind, { kind: 'union' }>;

/** One of several shapes. What was typed in another one is there again when its reader goes back. */
export function UnionControl(props: ControlProps & { type: Union }) {
  const { id, field, type, value, onChange, disabled } = props;
  const typed = useRef(new Map<string, Value>());
  const current: Value = isObject(value) ? value : {};
  const tag = textOf(current[type.tag]) || (type.variants[0]?.tag ?? '');
  const variant = type.variants.find((it) => it.tag === tag);
  const choose = (next: string) => {
    typed.current.set(tag, current);
    onChange({ ...typed.current.get(next), [type.tag]: next });
  };
  const options = type.variants.map((it) => ({ value: it.tag, label: it.tag }));
  return (
    <>
      {options.length <= 4 ? (
        <Segmented
          id={id}
          aria-label={field.title}
          disabled={disabled}
          value={tag}
          onChange={choose}
          options={options}
        />
      ) : (
        <Select id={id} disabled={disabled} value={tag} onChange={choose} options={options} />
      )}
      {variant ? (
        <div className="nested">
          {variant.help ? <p>{variant.help}</p> : null}
          <Fields
            fields={variant.fields}
            value={current}
            onChange={(changed) => onChange({ ...changed, [type.tag]: tag })}
            problems={props.problems}
            pointer={props.pointer}
            disabled={disabled}
          />
        </div>
      ) : null}
    </>
  );
}
