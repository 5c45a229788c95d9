import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, DatePicker, Flex, Form, Input } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem, Schemas } from '@/api/client';
import { isWithin, pointerOf } from '@/lib/pointer';

interface Props {
  variables: Record<string, string>;
  /** What is wrong with them, by pointers `/variables/…`. */
  problems: readonly Problem[];
  /** What each reference of the document stands for on the business date. */
  parameters: readonly Schemas['ParameterValue'][];
  bizdate: string | null;
  onBizdate: (bizdate: string | null) => void;
  onChange: (variables: Record<string, string>) => void;
}

/** The parameters that a job declares, and what every reference of its document becomes on a day. */
export function Variables(props: Props) {
  const { variables, problems, parameters, bizdate, onBizdate, onChange } = props;
  const { t } = useTranslation('editing');
  const [rows, setRows] = useState(() => Object.entries(variables));
  // Rows keep their order while they are typed; others come when the variables change elsewhere.
  const shown = isSame(rows, variables) ? rows : Object.entries(variables);
  const put = (next: [string, string][]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([name]) => name.trim() !== '')));
  };
  const missing = parameters.filter(
    (it) => it.error && /^\$\{[A-Za-z_][\w.]*\}$/.test(it.reference),
  );
  return (
    <Flex vertical gap={12}>
      <p style={{ margin: 0 }}>{t('variablesHelp')}</p>
      {shown.map(([name, value], index) => {
        const found = problems.filter((it) =>
          isWithin(it.pointer, `/variables${pointerOf([name])}`),
        );
        return (
          // A row has no name of its own while its name is typed.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={index}>
            <Flex gap={8}>
              <Input
                className="code"
                aria-label={t('variableName', { index: index + 1 })}
                placeholder={t('name')}
                value={name}
                status={found.length > 0 ? 'error' : undefined}
                onChange={(event) => put(shown.with(index, [event.target.value, value]))}
              />
              <Input
                className="code"
                aria-label={t('variableValue', { name })}
                placeholder="$bizdate"
                value={value}
                status={found.length > 0 ? 'error' : undefined}
                onChange={(event) => put(shown.with(index, [name, event.target.value]))}
              />
              <Button
                icon={<DeleteOutlined />}
                aria-label={t('removeVariable', { name })}
                onClick={() => put(shown.toSpliced(index, 1))}
              />
            </Flex>
            {found.map((it) => (
              <div key={it.message} role="alert" className="error-text">
                {[it.message, it.hint].filter(Boolean).join(' — ')}
              </div>
            ))}
          </div>
        );
      })}
      <Flex gap={8} wrap>
        <Button icon={<PlusOutlined />} onClick={() => setRows([...shown, ['', '']])}>
          {t('addVariable')}
        </Button>
        {missing.map((it) => (
          <Button
            key={it.reference}
            type="dashed"
            onClick={() => put([...shown, [it.reference.slice(2, -1), '']])}
          >
            {t('declare', { name: it.reference.slice(2, -1) })}
          </Button>
        ))}
      </Flex>
      {parameters.length > 0 ? (
        <>
          <Form.Item label={t('valuesOn')} htmlFor="variables-bizdate" style={{ margin: 0 }}>
            <DatePicker
              id="variables-bizdate"
              value={bizdate === null ? null : dayjs(bizdate)}
              placeholder={t('yesterday')}
              onChange={(date) => onBizdate(date ? date.format('YYYY-MM-DD') : null)}
            />
          </Form.Item>
          <dl className="resolved">
            {parameters.map((it) => (
              <div key={it.reference}>
                <dt className="code">{it.reference}</dt>
                <dd className={it.error ? 'error-text' : 'code'}>{it.value ?? it.error}</dd>
              </div>
            ))}
          </dl>
        </>
      ) : null}
    </Flex>
  );
}

function isSame(rows: readonly [string, string][], variables: Record<string, string>): boolean {
  const named = Object.fromEntries(rows.filter(([name]) => name.trim() !== ''));
  const names = Object.keys(variables);
  return (
    Object.keys(named).length === names.length &&
    names.every((name) => named[name] === variables[name])
  );
}
