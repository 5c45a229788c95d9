import { Alert, Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { Ago } from './Moment';

interface Props {
  /** When what is shown was typed, if it was not saved then. */
  restoredAt: number | null;
  onDiscard: () => void;
  /** When something was typed that began from an older version. */
  olderAt: number | null;
  onTakeOlder: () => void;
  onDropOlder: () => void;
  /** Whether there is a later version than the one that is edited. */
  isBehind: boolean;
  isBusy: boolean;
  onReload: () => void;
  /** Shows in what both differ. */
  onCompare: () => void;
  onKeep: () => void;
  /** Whether another tab edits the same. */
  isElsewhere: boolean;
}

/** What an editor has to say about its text: found again, begun from an older version, changed by others. */
export function EditNotices(props: Props) {
  const { t } = useTranslation('editing');
  const { restoredAt, olderAt, isBehind, isBusy, isElsewhere } = props;
  return (
    <div className="notices" aria-live="polite">
      {isBehind ? (
        <Alert
          type="warning"
          showIcon
          title={t('behind')}
          description={t('behindHelp')}
          action={
            <Flex gap={8} wrap>
              <Button size="small" disabled={isBusy} onClick={props.onReload}>
                {t('reload')}
              </Button>
              <Button size="small" onClick={props.onCompare}>
                {t('compare')}
              </Button>
              <Button size="small" loading={isBusy} onClick={props.onKeep}>
                {t('keepMine')}
              </Button>
            </Flex>
          }
        />
      ) : null}
      {olderAt === null ? null : (
        <Alert
          type="warning"
          showIcon
          title={
            <>
              {t('older')} <Ago at={new Date(olderAt).toISOString()} />
            </>
          }
          description={t('olderHelp')}
          action={
            <Flex gap={8} wrap>
              <Button size="small" onClick={props.onTakeOlder}>
                {t('takeOlder')}
              </Button>
              <Button size="small" onClick={props.onDropOlder}>
                {t('drop')}
              </Button>
            </Flex>
          }
        />
      )}
      {restoredAt === null ? null : (
        <Alert
          type="info"
          showIcon
          closable
          title={
            <>
              {t('restored')} <Ago at={new Date(restoredAt).toISOString()} />
            </>
          }
          action={
            <Button size="small" onClick={props.onDiscard}>
              {t('discard')}
            </Button>
          }
        />
      )}
      {isElsewhere ? <Alert type="info" showIcon closable title={t('elsewhere')} /> : null}
    </div>
  );
}
