import type { TFunction } from 'i18next';
import { memo } from 'react';

/** A field as a row of the mapping shows it. */
export interface RowView {
  name: string;
  /** What is shown for a name that is a value. */
  label: string;
  type: string;
  tags: readonly string[];
  /** Added by the reader: a constant, a variable, an expression. */
  isOwn: boolean;
  isWrong: boolean;
}

interface Props {
  /** The words; a hook in each of thousands of rows would be slow. */
  t: TFunction<'wizard'>;
  name: string;
  label: string;
  type: string;
  /** One a line. */
  tags: string;
  isWrong: boolean;
  side: 'source' | 'target';
  /** Its place among all rows, most of which are not there. */
  index: number;
  count: number;
  /** Below the start of the list, in pixels. */
  top: number;
  /** Whether Tab stops here. */
  isStop: boolean;
  isChosen: boolean;
  isLinked: boolean;
  /** What fills it, as it is shown. */
  partner?: string | undefined;
  /** Whether it has a cross: one that the job added itself, or one that is filled. */
  isRemovable: boolean;
}

/**
 * One field. A row is drawn anew only when something of it has changed; what is done with it is heard by the list.
 */
export const MappingRow = memo(function MappingRow(props: Props) {
  const { t, name, label, type, tags, side, isChosen, isLinked, isWrong, partner } = props;
  const tabIndex = props.isStop ? 0 : -1;
  const removal =
    side === 'source' ? t('removeField', { name: label }) : t('unlink', { name: label });
  const words = tags === '' ? [] : tags.split('\n');
  const said = [label, ...words, type].filter(Boolean).join(', ');
  return (
    <li
      className={`mapping-row ${side} ${isChosen ? 'chosen' : ''} ${isWrong ? 'wrong' : ''}`}
      style={{ top: props.top }}
      data-row={name}
      aria-posinset={props.index + 1}
      aria-setsize={props.count}
    >
      <button
        type="button"
        tabIndex={tabIndex}
        aria-pressed={side === 'source' ? isChosen : isLinked}
        aria-label={partner === undefined ? said : t('filledFrom', { name: said, source: partner })}
      >
        <span className="code name" title={label}>
          {label}
        </span>
        {words.map((word) => (
          <span key={word} className="tag">
            {word}
          </span>
        ))}
        <span className="type" title={type}>
          {type}
        </span>
        <span className={`dot ${isLinked ? 'full' : ''}`} aria-hidden />
      </button>
      {props.isRemovable ? (
        <button
          type="button"
          className="cross"
          tabIndex={tabIndex}
          data-remove
          aria-label={removal}
          title={removal}
        >
          ✕
        </button>
      ) : null}
    </li>
  );
});
