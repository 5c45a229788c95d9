import { StateIcon } from './StateTag';
import { toneOf } from './RunState';

/** A state as a small coloured square with its icon; whoever shows it names it. */
export function StateMark({ state }: { state: string }) {
  const tone = toneOf(state);
  const name = tone === 'paused' ? 'stopped' : tone;
  return (
    <span
      className="state-mark"
      aria-hidden
      style={{ color: `var(--${name})`, background: `var(--${name}-bg)` }}
    >
      <StateIcon tone={tone} />
    </span>
  );
}
