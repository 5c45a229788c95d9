import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { count } from '@/lib/format';

interface Props {
  reasons: Schemas['Reason'][];
  chosen: string | null;
  onChoose: (reason: string | null) => void;
}

/** How often something was wrong, the most frequent first; a press filters the rows by it. */
export function Reasons({ reasons, chosen, onChoose }: Props) {
  const { t } = useTranslation('runs');
  const most = Math.max(...reasons.map((it) => it.rowCount));
  return (
    <ul className="reasons" aria-label={t('reasons')}>
      {reasons.map((it) => (
        <li key={`${it.column}${it.reason}`}>
          <button
            type="button"
            aria-pressed={chosen === it.reason}
            onClick={() => onChoose(chosen === it.reason ? null : it.reason)}
          >
            <span
              className="reason-bar"
              aria-hidden
              style={{ width: `${(it.rowCount / most) * 100}%` }}
            />
            <span className="number">{count(it.rowCount)}</span>
            <span>
              {it.column ? <span className="code">{it.column}: </span> : null}
              {it.reason}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
