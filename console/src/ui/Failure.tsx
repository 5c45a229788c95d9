import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';

interface Props {
  message: string;
  hint?: string | null | undefined;
  requestId?: string | null | undefined;
  onRetry?: (() => void) | undefined;
  /** What the button says, if not "Retry". */
  action?: string;
}

/** What went wrong, the way out, and the id under which the server's log has it. */
export function Failure({ message, hint, requestId, onRetry, action }: Props) {
  const { t } = useTranslation('common');
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={message}
      description={
        hint || requestId ? (
          <>
            {hint ? <div style={{ whiteSpace: 'pre-wrap' }}>{hint}</div> : null}
            {requestId ? (
              <div className="code">
                {t('requestId')} {requestId}
              </div>
            ) : null}
          </>
        ) : undefined
      }
      action={onRetry ? <Button onClick={onRetry}>{action ?? t('retry')}</Button> : undefined}
    />
  );
}
