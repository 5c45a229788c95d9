import { Form } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '@/api/client';
import { Words } from '@/ui/Words';
import { Control } from './Control';
import type { Suggestions } from './SchemaForm';
import { statusOf } from './problems';
import type { Field } from './schema';

export interface FieldProps {
  field: Field;
  value: unknown;
  /** Whether the server keeps a secret here that it does not show. */
  isStored: boolean;
  onChange: (value: unknown) => void;
  pointer: string;
  problems: readonly Problem[];
  suggestions: Suggestions;
  disabled: boolean;
}

/** A field with its label, its help, and what the server said about it. */
export function SchemaField(props: FieldProps) {
  const { field, pointer, problems } = props;
  const id = useId();
  const { t } = useTranslation('form');
  const misfit = misfitOf(props);
  const own = problems.filter((problem) => problem.pointer === pointer || !isNested(field));
  return (
    <Form.Item
      label={field.title}
      htmlFor={id}
      required={field.required}
      validateStatus={misfit === null ? statusOf(own) : 'error'}
      help={
        own.length > 0
          ? own.map((problem) => (
              <div key={problem.message} role="alert">
                <Words text={[problem.message, problem.hint].filter(Boolean).join(' — ')} />
              </div>
            ))
          : misfit === null
            ? undefined
            : t('misfit', { pattern: misfit })
      }
      extra={field.help ? <Words text={field.help} /> : undefined}
      data-pointer={pointer}
    >
      <Control {...props} id={id} />
    </Form.Item>
  );
}

/** Whether problems inside are shown by fields of their own. */
function isNested(field: Field): boolean {
  return ['object', 'objects', 'union'].includes(field.type.kind);
}

/** The pattern that a text does not fit. What a parameter stands for is not known yet. */
function misfitOf({ field: { type }, value }: FieldProps): string | null {
  if (type.kind !== 'text' || type.pattern === null) return null;
  if (typeof value !== 'string' || value === '' || value.includes('${')) return null;
  try {
    return new RegExp(type.pattern, 'u').test(value) ? null : type.pattern;
  } catch {
    // It is written for the server, which alone understands it then.
    return null;
  }
}
