import { Alert, Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { Words } from '@/ui/Words';

interface Props {
  run: Schemas['RunDetail'];
  onShowLog: () => void;
  onShowDirty: () => void;
}

const KINDS = [
  'config',
  'auth',
  'unreachable',
  'denied',
  'notFound',
  'conflict',
  'unsupported',
  'throttled',
  'data',
  'internal',
  'dirtyRows',
  'stopped',
  'timeout',
] as const;

/** What failed, the likely cause, where it stands in the log, and what to do next. */
export function FailureCard({ run, onShowLog, onShowDirty }: Props) {
  const { t } = useTranslation('runs');
  const { error } = run;
  if (!error) return null;
  const word = error.kind.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
  const kind = KINDS.find((it) => it === word) ?? 'internal';
  const isStopped = run.state === 'stopped';
  return (
    <Alert
      style={{ marginBottom: 16 }}
      type={isStopped ? 'warning' : 'error'}
      showIcon
      title={<strong>{isStopped ? t('wasStopped') : t(`failures.${kind}`)}</strong>}
      description={
        <Flex vertical gap={8}>
          <div className="code" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {error.message}
          </div>
          {isStopped ? null : (
            <div>
              <strong>{t('cause')}</strong> {t(`causes.${kind}`)}
            </div>
          )}
          <div>
            <strong>{t('nextStep')}</strong>{' '}
            {error.hint ? (
              <span>
                <Words text={error.hint} />.{' '}
              </span>
            ) : null}
            {t(isStopped ? 'resumeStopped' : error.resumable ? 'canResume' : 'cannotResume')}
          </div>
          <Flex gap={8} wrap>
            <Button size="small" onClick={onShowLog}>
              {t('showInLog')}
            </Button>
            {run.rowsDirty > 0 ? (
              <Button size="small" onClick={onShowDirty}>
                {t('showDirty')}
              </Button>
            ) : null}
          </Flex>
        </Flex>
      }
    />
  );
}
