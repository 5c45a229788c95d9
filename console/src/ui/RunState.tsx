import { useTranslation } from 'react-i18next';
import { StateTag, type Tone } from './StateTag';

const TONES: Record<string, Tone> = {
  queued: 'waiting',
  waiting: 'waiting',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  stopped: 'stopped',
  skipped: 'stopped',
  frozen: 'paused',
  paused: 'paused',
};

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'waiting';
}

/** The state of a run, an instance or a schedule. */
export function RunState({ state }: { state: string }) {
  const { t } = useTranslation('states');
  return <StateTag tone={toneOf(state)}>{t(state, { defaultValue: state })}</StateTag>;
}
