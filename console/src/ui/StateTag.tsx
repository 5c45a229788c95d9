import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  LoadingOutlined,
  MinusCircleOutlined,
  PauseCircleOutlined,
  WarningOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';

export type Tone =
  'waiting' | 'running' | 'succeeded' | 'failed' | 'stopped' | 'warning' | 'paused';

const ICONS: Record<Tone, ReactNode> = {
  waiting: <ClockCircleOutlined />,
  running: <LoadingOutlined />,
  succeeded: <CheckCircleOutlined />,
  failed: <CloseCircleOutlined />,
  stopped: <MinusCircleOutlined />,
  warning: <WarningOutlined />,
  paused: <PauseCircleOutlined />,
};

export function StateIcon({ tone }: { tone: Tone }) {
  return ICONS[tone];
}

/** A state as an icon, a colour and a word: never by colour alone. */
export function StateTag({ tone, children }: { tone: Tone; children: ReactNode }) {
  const name = tone === 'paused' ? 'stopped' : tone;
  return (
    <span className="state" style={{ color: `var(--${name})`, background: `var(--${name}-bg)` }}>
      <span aria-hidden>{ICONS[tone]}</span>
      {children}
    </span>
  );
}
