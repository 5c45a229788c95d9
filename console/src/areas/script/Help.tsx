import { useTranslation } from 'react-i18next';
import { useConnectorForms, useConnectors } from '@/api/queries';
import { fieldsOf, type Field } from '@/form/schema';
import { Loaded } from '@/ui/Loaded';
import { Words } from '@/ui/Words';

interface Props {
  side: 'reader' | 'writer';
  plugin: string;
  /** The setting that the cursor is in. */
  field: string | null;
}

/** What the plugin under the cursor can be told; the setting that the cursor is in comes first. */
export function Help({ side, plugin, field }: Props) {
  const { t } = useTranslation('script');
  const connectors = useConnectors();
  const name = plugin.replace(/(reader|writer)$/, '');
  const connector = connectors.data?.items.find(
    (it) => it.name === name || it.aliases.includes(name),
  );
  const forms = useConnectorForms(connector?.name ?? '');
  if (plugin === '' || (connectors.data && !connector)) return <p>{t('helpUnknown')}</p>;
  return (
    <Loaded reading={forms}>
      {({ title, readerSchema, writerSchema }) => {
        const fields = fieldsOf(side === 'reader' ? readerSchema : writerSchema);
        const here = fields.find((it) => it.name === field);
        const others = fields.filter((it) => it !== here && !it.hasNoEffect);
        return (
          <div className="help">
            <h2 className="section">
              {title} · {t(side)}
            </h2>
            <dl>
              {here ? <Entry field={here} isHere /> : null}
              {others.map((it) => (
                <Entry key={it.name} field={it} isHere={false} />
              ))}
            </dl>
          </div>
        );
      }}
    </Loaded>
  );
}

function Entry({ field, isHere }: { field: Field; isHere: boolean }) {
  const { t } = useTranslation('script');
  const { type } = field;
  const values = type.kind === 'choice' ? type.options : [];
  const isGiven = field.fallback !== null && !Array.isArray(field.fallback);
  return (
    <div className={isHere ? 'here' : undefined}>
      <dt className="code">
        {field.name}
        {field.required ? <em> {t('required')}</em> : null}
        {isGiven ? <em> {t('byDefault', { value: JSON.stringify(field.fallback) })}</em> : null}
      </dt>
      <dd>
        {field.help ? <Words text={field.help} /> : null}
        {values.length > 0 ? (
          <ul>
            {values.map((it) => (
              <li key={it.value}>
                <span className="code">{it.value}</span> {it.help ? <Words text={it.help} /> : null}
              </li>
            ))}
          </ul>
        ) : null}
        {values.length === 0 && field.examples.length > 0 ? (
          <div className="code">{field.examples.join(' · ')}</div>
        ) : null}
      </dd>
    </div>
  );
}
