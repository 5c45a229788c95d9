import { useTranslation } from 'react-i18next';
import { diffLines, withContext, type DiffLine } from '@/lib/diff';

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

/** Two texts as the lines in which they differ, each with a sign and a colour. */
export function Diff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation('editing');
  const lines = withContext(diffLines(before, after), 3);
  if (lines.length === 0) return <p>{t('noDifference')}</p>;
  return (
    <div className="diff code" role="region" tabIndex={0} aria-label={t('difference')}>
      <table>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t('lineBefore')}</th>
            <th scope="col">{t('lineAfter')}</th>
            <th scope="col">{t('lineText')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) =>
            line === null ? (
              // What was left out has no name but its place.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={`left-${index}`} className="left-out">
                <td colSpan={3}>…</td>
              </tr>
            ) : (
              <Line key={`${line.before}-${line.after}`} line={line} />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function Line({ line }: { line: DiffLine }) {
  return (
    <tr className={line.kind}>
      <td className="line-number">{line.before}</td>
      <td className="line-number">{line.after}</td>
      <td className="line-text">
        <span>{SIGNS[line.kind]}</span> {line.text}
      </td>
    </tr>
  );
}
