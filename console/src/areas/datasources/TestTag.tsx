import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { StateTag, type Tone } from '@/ui/StateTag';

const TONES: Record<Schemas['ConnectionState'], Tone> = {
  untested: 'waiting',
  passed: 'succeeded',
  failed: 'failed',
};

export function TestTag({ state }: { state: Schemas['ConnectionState'] }) {
  const { t } = useTranslation('datasources');
  return <StateTag tone={TONES[state]}>{t(`connection.${state}`)}</StateTag>;
}
