import { Form, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import type { Field } from '@/form/schema';
import { textOf, textsOf, withParameters } from '@/lib/document';
import { Words } from '@/ui/Words';
import type { StepProps } from './steps';

const AT = '/configuration/writer/parameter/writeMode';

/** What the console has its own words for; a connector's further modes speak for themselves. */
const KNOWN = ['insert', 'update', 'ignore', 'copy'] as const;
type Known = (typeof KNOWN)[number];

export const isKnown = (mode: string): mode is Known => KNOWN.some((it) => it === mode);

/** Whether a mode goes by a key, which would be left behind unseen under any other. */
const isKeyed = (mode: string) => mode === 'update' || mode === 'ignore';

/** The modes with words of their own come first, in their order. */
const rankOf = (mode: string) => (isKnown(mode) ? KNOWN.indexOf(mode) : KNOWN.length);

interface Props extends StepProps {
  field: Field;
  /** Whether the connector lets the key be named. */
  hasKey: boolean;
  columns: readonly string[];
}

/** What happens to a row whose key is already there: each rule with what becomes of the row. */
export function WriteMode({ draft, onChange, problems, field, hasKey, columns }: Props) {
  const { t } = useTranslation('wizard');
  const { parameter } = draft.document.configuration.writer;
  const modes =
    field.type.kind === 'choice'
      ? field.type.options.map(({ value, help }) => ({ value: String(value), help }))
      : field.examples
          .map((value) => ({ value, help: null }))
          .toSorted((a, b) => rankOf(a.value) - rankOf(b.value));
  const isOfKeys = modes.some(({ value }) => isKnown(value) && value !== 'copy');
  const value = textOf(parameter.writeMode) || (isOfKeys ? 'insert' : textOf(field.fallback));
  const chosen = modes.find((it) => value === it.value || value.startsWith(`${it.value}(`));
  const put = (change: Record<string, unknown>) =>
    onChange((now) => ({ ...now, document: withParameters(now.document, 'writer', change) }));
  const choose = (mode: string) =>
    put(isKeyed(mode) ? { writeMode: mode } : { writeMode: mode, conflictKey: undefined });
  return (
    <>
      <Form.Item
        label={isOfKeys ? t('conflict') : field.title}
        extra={isOfKeys ? undefined : field.help}
        data-pointer={AT}
        {...marked(problems, AT)}
      >
        <Radio.Group
          className="cards"
          aria-label={isOfKeys ? t('conflict') : field.title}
          value={chosen?.value ?? value}
          onChange={(event) => choose(String(event.target.value))}
        >
          {modes.map((mode) => (
            <Radio key={mode.value} value={mode.value} className="card">
              <strong>{isKnown(mode.value) ? t(`mode.${mode.value}`) : mode.value}</strong>
              <div>
                {isKnown(mode.value) ? (
                  t(`modeHelp.${mode.value}`)
                ) : (
                  <Words text={mode.help ?? ''} />
                )}
              </div>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      {hasKey && chosen && isKeyed(chosen.value) ? (
        <Form.Item
          label={t('conflictKey')}
          htmlFor="conflict-key"
          extra={t('conflictKeyHelp')}
          {...marked(problems, '/configuration/writer/parameter/conflictKey')}
        >
          <Select
            id="conflict-key"
            mode="tags"
            placeholder={t('primaryKey')}
            value={textsOf(parameter.conflictKey)}
            options={columns.map((name) => ({ value: name, label: name }))}
            onChange={(names: string[]) =>
              put({ conflictKey: names.length > 0 ? names : undefined })
            }
          />
        </Form.Item>
      ) : null}
    </>
  );
}
