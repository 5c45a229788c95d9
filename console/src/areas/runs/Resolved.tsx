import type { Schemas } from '@/api/client';

interface Props {
  parameters: Schemas['ParameterValue'][];
  /** What is wrong with variables as they are written. */
  problems: Schemas['Problem'][];
}

/** What each reference of the document stands for. */
export function Resolved({ parameters, problems }: Props) {
  if (parameters.length === 0 && problems.length === 0) return null;
  return (
    <div aria-live="polite" style={{ marginBottom: 16 }}>
      {problems.map((problem) => (
        <div key={problem.pointer} className="wrong">
          {problem.message}
        </div>
      ))}
      <dl className="resolved">
        {parameters.map((it) => (
          <div key={it.reference}>
            <dt className="code">{it.reference}</dt>
            <dd className={it.error ? 'wrong' : 'code'}>{it.value ?? it.error}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
