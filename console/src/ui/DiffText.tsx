/** A unified diff: what is gone and what is new by its sign, and by its colour besides. */
export function DiffText({ text, label }: { text: string; label: string }) {
  const lines = text.split('\n').map((line, number) => ({ line, number }));
  return (
    <pre className="code script diff" tabIndex={0} aria-label={label}>
      {lines.map(({ line, number }) => (
        <div key={number} className={classOf(line)}>
          {line || ' '}
        </div>
      ))}
    </pre>
  );
}

function classOf(line: string): string | undefined {
  if (line.startsWith('@@')) return 'place';
  if (line.startsWith('+++') || line.startsWith('---')) return 'head';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : undefined;
}
