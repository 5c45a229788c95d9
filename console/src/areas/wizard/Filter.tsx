import { AutoComplete, Form, Input, Radio, Select, Flex } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import { textOf, withFilter, withParameters } from '@/lib/document';
import { readIncrement, writeIncrement, type Increment } from '@/lib/increment';
import { resolved, selectOf } from '@/lib/select';
import { Code } from '@/ui/Code';
import type { StepProps } from './steps';
import type { SideView } from './useSides';

const DAY = { from: '${yyyy-mm-dd}', until: '${yyyy-mm-dd+1}' };
const PRESETS = [DAY.from, DAY.until, '${bdp.system.bizdate}', '$[yyyy-mm-dd hh24:mi:ss-1/24]'];

/**
 * Which rows are copied: all, those that are new by a column, or those of a condition. A relational source is
 * asked for them; for others Longshore itself leaves the rest out.
 */
export function Filter({
  draft,
  onChange,
  problems,
  parameters,
  view,
}: StepProps & { view: SideView }) {
  const { t } = useTranslation('wizard');
  const where = view.form.find((it) => it.name === 'where')?.type;
  const isAsked = where?.kind === 'text' && where.widget === 'sql';
  const { configuration } = draft.document;
  const condition = isAsked
    ? textOf(configuration.reader.parameter.where)
    : (configuration.filter ?? '');
  const [wanted, setWanted] = useState<'whole' | 'increment' | null>(null);
  const increment = readIncrement(condition);
  const mode = wanted ?? (increment ? 'increment' : 'whole');
  const pointer = isAsked ? '/configuration/reader/parameter/where' : '/configuration/filter';
  const columns = (view.all ?? []).map((it) => it.name);

  const put = (text: string) =>
    onChange((now) => ({
      ...now,
      document: isAsked
        ? withParameters(now.document, 'reader', { where: text === '' ? undefined : text })
        : withFilter(now.document, text),
    }));

  const shown: Increment = increment ?? { column: '', ...DAY, rest: condition };
  const putIncrement = (change: Partial<Increment>) => {
    const next = { ...shown, ...change };
    if (next.column !== '') put(writeIncrement(next));
  };
  const editor = (text: string, label: string, onText: (text: string) => void) => (
    <Code
      language="sql"
      label={label}
      value={text}
      names={columns}
      placeholder="id > 2 and sex = 1"
      onChange={onText}
    />
  );
  const select = selectOf(draft.document, columns);
  const filled = resolved(select, parameters);
  return (
    <>
      <Form.Item label={t('rowsRead')}>
        <Radio.Group
          aria-label={t('rowsRead')}
          value={mode}
          onChange={(event) => {
            setWanted(event.target.value === 'increment' ? 'increment' : 'whole');
            // What else must hold stays when the range goes.
            if (event.target.value === 'whole' && increment) put(increment.rest);
          }}
          options={[
            { value: 'whole', label: t('whole') },
            { value: 'increment', label: t('increment') },
          ]}
        />
      </Form.Item>
      {mode === 'increment' ? (
        <Flex gap={16} wrap>
          <Form.Item label={t('incrementColumn')} htmlFor="increment-column" required>
            <Select
              id="increment-column"
              showSearch
              style={{ width: 240 }}
              placeholder={t('chooseColumn')}
              value={shown.column === '' ? null : shown.column}
              options={(view.all ?? []).map((it) => ({
                value: it.name,
                label: `${it.name} · ${it.type}`,
              }))}
              onChange={(column: string) => putIncrement({ column })}
            />
          </Form.Item>
          <Bound
            id="increment-from"
            label={t('incrementFrom')}
            value={shown.from}
            disabled={shown.column === ''}
            onChange={(from) => putIncrement({ from })}
          />
          <Bound
            id="increment-until"
            label={t('incrementUntil')}
            value={shown.until}
            disabled={shown.column === ''}
            onChange={(until) => putIncrement({ until })}
          />
        </Flex>
      ) : null}
      <Form.Item
        label={mode === 'increment' ? t('furtherFilter') : t('filter')}
        extra={isAsked ? t('filterHelp') : t('filterByLongshore')}
        data-pointer={pointer}
        {...marked(problems, pointer)}
      >
        {mode === 'increment' && increment
          ? editor(increment.rest, t('furtherFilter'), (rest) => putIncrement({ rest }))
          : editor(condition, t('filter'), put)}
      </Form.Item>
      {isAsked && view.table !== '' ? (
        <details className="folded">
          <summary>{t('select')}</summary>
          <Code language="sql" label={t('select')} value={filled} />
          <small>{t('selectHelp')}</small>
        </details>
      ) : null}
    </>
  );
}

interface BoundProps {
  id: string;
  label: string;
  value: string;
  disabled: boolean;
  onChange: (value: string) => void;
}

/** An end of the range: a value, or a reference that moves with the run. */
function Bound({ id, label, value, disabled, onChange }: BoundProps) {
  return (
    <Form.Item label={label} htmlFor={id}>
      <AutoComplete
        id={id}
        className="code"
        style={{ width: 240 }}
        disabled={disabled}
        value={value}
        options={PRESETS.map((it) => ({ value: it }))}
        onChange={(text: string | undefined) => onChange(text ?? '')}
      >
        <Input />
      </AutoComplete>
    </Form.Item>
  );
}
