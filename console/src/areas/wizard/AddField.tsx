import { Button, Flex, Input, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { kindOf, valueTyped } from '@/lib/mapping';

interface Props {
  /** The columns of the source. */
  columns: ReadonlySet<string>;
  computes: boolean;
  taken: (name: string) => boolean;
  onAdd: (name: string) => void;
  /** Adds a field of the target, where that takes whatever it is given. */
  onAddTarget?: ((name: string) => void) | undefined;
}

/** Takes a value of the source that is no column, and tells what it is while it is typed. */
export function AddField({ columns, computes, taken, onAdd, onAddTarget }: Props) {
  const { t } = useTranslation('wizard');
  const [typed, setTyped] = useState('');
  const [target, setTarget] = useState('');
  const text = typed.trim();
  const kind = text === '' ? null : kindOf(text, columns);
  const value = valueTyped(text, columns, computes);
  const isTaken = text !== '' && taken(value);

  function add() {
    if (text === '' || isTaken) return;
    onAdd(value);
    setTyped('');
  }

  function addTarget() {
    if (target.trim() === '') return;
    onAddTarget?.(target.trim());
    setTarget('');
  }

  return (
    <Flex vertical gap={4}>
      <Flex gap={8} align="center" wrap>
        <Input
          style={{ width: 360, maxWidth: '100%' }}
          className="code"
          aria-label={t('addValue')}
          aria-describedby="add-value-help"
          placeholder="'abc'"
          value={typed}
          status={kind === 'unrecognized' ? 'error' : undefined}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={add}
        />
        <Button onClick={add} disabled={text === '' || isTaken}>
          {t('addField')}
        </Button>
        <span aria-live="polite">
          {kind === null ? null : (
            <Tag color={kind === 'unrecognized' ? 'error' : 'processing'}>{t(`kind.${kind}`)}</Tag>
          )}
          {isTaken ? t('alreadyThere') : null}
          {kind === 'expression' && !computes ? t('byLongshore') : null}
        </span>
        {onAddTarget ? (
          <>
            <span style={{ flex: 1 }} />
            <Input
              style={{ width: 220 }}
              className="code"
              aria-label={t('addTarget')}
              placeholder={t('addTarget')}
              value={target}
              onChange={(event) => setTarget(event.target.value)}
              onPressEnter={addTarget}
            />
            <Button onClick={addTarget} disabled={target.trim() === ''}>
              {t('addTarget')}
            </Button>
          </>
        ) : null}
      </Flex>
      <small id="add-value-help">{t('addValueHint')}</small>
    </Flex>
  );
}
