import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/api/client';
import { isWithin } from '@/lib/pointer';
import { Failure } from '@/ui/Failure';

interface Props {
  error: ApiError | null;
  /** Pointers of the fields that show their problems themselves. */
  fields?: readonly string[];
  /** Reads what is there now, when somebody else has changed it meanwhile. */
  onReload?: () => void;
}

const WRONG = '.ant-form-item-has-error :is(input, textarea, button)';

/**
 * Why a form was not taken, to stand within the form. What is wrong with a field is told at the field, and the
 * first such field takes the focus; all else is told and focused here.
 */
export function FormFailure({ error, fields = [], onReload }: Props) {
  const { t } = useTranslation('common');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!error) return;
    const wrong = box.current?.closest('.ant-form')?.querySelector<HTMLElement>(WRONG);
    (wrong ?? box.current)?.focus();
  }, [error]);
  if (!error) return null;
  const isStale = error.code === 'changed';
  const others = error.problems.filter(
    (problem) => !fields.some((field) => isWithin(problem.pointer, field)),
  );
  const hints = others.map((it) => [it.message, it.hint].filter(Boolean).join(' — '));
  return (
    <div ref={box} tabIndex={-1} style={{ marginBottom: 16 }}>
      <Failure
        message={isStale ? t('changedElsewhere') : error.message}
        hint={isStale ? t('changedReload') : [error.hint, ...hints].filter(Boolean).join('\n')}
        requestId={error.requestId}
        onRetry={isStale ? onReload : undefined}
        action={t('reload')}
      />
    </div>
  );
}
