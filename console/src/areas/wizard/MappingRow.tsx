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
  isChosen: boolean;
  isLinked: boolean;
  /** What fills it, as it is shown. */
  partner?: string | undefined;
  /** Whether it has a cross: one that the job added itself, or one that is filled. */
  isRemovable: boolean;
}

/**
 * One field. A list may have thousands, so a row is drawn anew only when something of it has changed; what is done
 * with it is heard by the list.
 */
export const MappingRow = memo(function MappingRow(props: Props) {
  const { t, name, label, type, tags, side, isChosen, isLinked, isWrong, partner } = props;
  const removal =
    side === 'source' ? t('removeField', { name: label }) : t('unlink', { name: label });
  const words = tags === '' ? [] : tags.split('\n');
  const said = [label, ...words, type].filter(Boolean).join(', ');
  return (
    <li
      className={`mapping-row ${side} ${isChosen ? 'chosen' : ''} ${isWrong ? 'wrong' : ''}`}
      data-row={name}
    >
      <button
        type="button"
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
        <button type="button" className="cross" data-remove aria-label={removal} title={removal}>
          ✕
        </button>
      ) : null}
    </li>
  );
});
