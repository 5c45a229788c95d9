import { Alert, Button, Checkbox, Modal } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { diffColumns, isSame, link, unlink, type Field, type Pair } from '@/lib/mapping';
import { knownColumns, noteColumns } from './known';

interface Props {
  job: string;
  end: 'source' | 'target';
  /** Data source and table as one name. */
  table: string;
  fields: readonly Field[];
  /** The fields on the other side. */
  others: readonly Field[];
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
}

interface Step {
  text: string;
  /** What is done if it is ticked; nothing when it is only told. */
  apply: ((pairs: readonly Pair[]) => Pair[]) | null;
  isTicked: boolean;
}

/** Tells what has changed in a table since the mapping was made, and does what is ticked. */
export function ColumnChanges({ job, end, table, fields, others, pairs, onChange }: Props) {
  const { t } = useTranslation('wizard');
  const [known, setKnown] = useState(() => knownColumns(job, end, table));
  const [ticked, setTicked] = useState<boolean[] | null>(null);
  useEffect(() => {
    if (known === null) noteColumns(job, end, table, fields);
  }, [known, job, end, table, fields]);
  const diff = diffColumns(known ?? fields, fields);
  if (isSame(diff)) return null;
  const other = end === 'source' ? 'target' : 'source';
  const linesOf = (name: string) => pairs.filter((pair) => pair[end] === name);
  const without = (name: string) => (list: readonly Pair[]) =>
    linesOf(name).reduce((left, pair) => unlink(left, pair.target), [...list]);
  const lost = (name: string) =>
    linesOf(name)
      .map((pair) => `${pair.source} → ${pair.target}`)
      .join(', ');

  const steps: Step[] = [
    ...diff.added.map(({ name, type }) => {
      const match = others.find((it) => it.name.toLowerCase() === name.toLowerCase());
      const isFree = match && !pairs.some((pair) => pair[other] === match.name);
      const pair =
        end === 'source'
          ? { source: name, target: match?.name ?? '' }
          : { source: match?.name ?? '', target: name };
      return {
        text: isFree
          ? t('columnAddedMap', { name, type, other: match.name })
          : t('columnAdded', { name, type }),
        apply: isFree ? (list: readonly Pair[]) => link(list, pair) : null,
        isTicked: true,
      };
    }),
    ...diff.removed.map(({ name }) => ({
      text:
        linesOf(name).length > 0
          ? t('columnRemovedLine', { name, lines: lost(name) })
          : t('columnRemoved', { name }),
      apply: linesOf(name).length > 0 ? without(name) : null,
      isTicked: true,
    })),
    ...diff.changed.map(({ name, before, after }) => ({
      text:
        linesOf(name).length > 0
          ? t('columnChangedLine', { name, before, after, lines: lost(name) })
          : t('columnChanged', { name, before, after }),
      apply: linesOf(name).length > 0 ? without(name) : null,
      isTicked: false,
    })),
  ];

  function finish() {
    const next = steps.reduce<Pair[]>(
      (list, step, index) => (step.apply && ticked?.[index] ? step.apply(list) : list),
      pairs,
    );
    if (ticked) onChange(next);
    noteColumns(job, end, table, fields);
    setKnown(fields.map(({ name, type }) => ({ name, type })));
    setTicked(null);
  }

  return (
    <>
      <Alert
        type="warning"
        showIcon
        title={t(end === 'source' ? 'sourceChanged' : 'targetChanged', {
          added: diff.added.length,
          removed: diff.removed.length,
          changed: diff.changed.length,
        })}
        action={
          <Button size="small" onClick={() => setTicked(steps.map((step) => step.isTicked))}>
            {t('showChanges')}
          </Button>
        }
      />
      <Modal
        open={ticked !== null}
        width={640}
        title={t('changesOf', { table })}
        okText={t('applyTicked')}
        onOk={finish}
        onCancel={() => setTicked(null)}
      >
        <ul className="plain">
          {steps.map((step, index) => (
            <li key={step.text}>
              {step.apply ? (
                <Checkbox
                  checked={ticked?.[index] ?? step.isTicked}
                  onChange={(event) =>
                    setTicked((now) => now?.with(index, event.target.checked) ?? null)
                  }
                >
                  {step.text}
                </Checkbox>
              ) : (
                <span className="indented">{step.text}</span>
              )}
            </li>
          ))}
        </ul>
      </Modal>
    </>
  );
}
