import { useTranslation } from 'react-i18next';
import { count } from '@/lib/format';
import type { Stem } from '@/lib/reasons';

interface Props {
  reasons: Stem[];
  /** There are more reasons than these, so that the counts are the least. */
  isCut: boolean;
  chosen: string | null;
  onChoose: (reason: string | null) => void;
}

/** How often something was wrong, the most frequent first; a press filters the rows by it. */
export function Reasons({ reasons, isCut, chosen, onChoose }: Props) {
  const { t } = useTranslation('runs');
  const most = Math.max(...reasons.map((it) => it.rowCount));
  return (
    <ul className="reasons" aria-label={t('reasons')}>
      {reasons.map((it) => (
        <li key={`${it.column}${it.text}`}>
          <button
            type="button"
            aria-pressed={chosen === it.text}
            onClick={() => onChoose(chosen === it.text ? null : it.text)}
          >
            <span
              className="reason-bar"
              aria-hidden
              style={{ width: `${(it.rowCount / most) * 100}%` }}
            />
            <span className="number">
              {count(it.rowCount)}
              {isCut ? '+' : null}
            </span>
            <span>
              {it.column ? <span className="code">{it.column}: </span> : null}
              {it.text}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
