import { CloseOutlined } from '@ant-design/icons';
import { Button, Tag } from 'antd';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

/** A field as a row of the mapping shows it. */
export interface RowView {
  name: string;
  type: string;
  tags: string[];
  /** Added by the reader: a constant, a variable, an expression. */
  isOwn: boolean;
  isWrong: boolean;
}

interface Props {
  row: RowView;
  side: 'source' | 'target';
  isChosen: boolean;
  isLinked: boolean;
  partner?: string | undefined;
  onChoose: () => void;
  onDragStart?: (() => void) | undefined;
  onRemove?: (() => void) | undefined;
}

export function MappingRow(props: Props) {
  const { row, side, isChosen, isLinked, partner, onChoose, onDragStart, onRemove } = props;
  const { t } = useTranslation('wizard');
  const removal =
    side === 'source' ? t('removeField', { name: row.name }) : t('unlink', { name: row.name });
  // Up and down walk the list; Delete does what the cross does.
  function walk(event: KeyboardEvent<HTMLButtonElement>) {
    const item = event.currentTarget.closest('li');
    const next =
      event.key === 'ArrowDown'
        ? item?.nextElementSibling
        : event.key === 'ArrowUp'
          ? item?.previousElementSibling
          : null;
    if (next) {
      event.preventDefault();
      next.querySelector('button')?.focus();
    }
    if (event.key === 'Delete') onRemove?.();
  }
  return (
    <li
      className={`mapping-row ${side} ${isChosen ? 'chosen' : ''} ${row.isWrong ? 'wrong' : ''}`}
      {...(side === 'target' ? { 'data-target': row.name } : {})}
    >
      <button
        type="button"
        aria-pressed={side === 'source' ? isChosen : isLinked}
        aria-label={
          partner === undefined
            ? `${row.name}, ${row.type}`
            : t('filledFrom', { name: row.name, source: partner })
        }
        onClick={onChoose}
        onKeyDown={walk}
        onPointerDown={(event) => {
          if (!onDragStart || event.button !== 0) return;
          // The pointer must reach what lies under it when it is let go.
          event.currentTarget.releasePointerCapture(event.pointerId);
          onDragStart();
        }}
      >
        <span className="code name">{row.name}</span>
        {row.tags.map((tag) => (
          <Tag key={tag} color={row.isWrong ? 'error' : undefined}>
            {tag}
          </Tag>
        ))}
        <span className="type">{row.type}</span>
        <span className={`dot ${isLinked ? 'full' : ''}`} aria-hidden />
      </button>
      {onRemove ? (
        <Button
          size="small"
          type="text"
          icon={<CloseOutlined />}
          aria-label={removal}
          onClick={onRemove}
        />
      ) : null}
    </li>
  );
}
