import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Guarded } from '@/ui/Guarded';

interface Props {
  isSaved: boolean;
  isEmpty: boolean;
  isChecking: boolean;
  isPublished: boolean;
  onFormat: () => void;
  onTemplate: () => void;
  onValidate: () => void;
  onDiff: () => void;
}

/** What can be done with a script alone. */
export function Toolbar(props: Props) {
  const { isSaved, isEmpty, isPublished } = props;
  const { t } = useTranslation('script');
  return (
    <>
      <Button disabled={isEmpty} onClick={props.onFormat}>
        {t('format')}
      </Button>
      <Button onClick={props.onTemplate}>{t('importTemplate')}</Button>
      <Button disabled={isEmpty} loading={props.isChecking} onClick={props.onValidate}>
        {t('validate')}
      </Button>
      {isSaved ? (
        <Guarded may={isPublished} why={t('notPublished')}>
          <Button disabled={!isPublished} onClick={props.onDiff}>
            {t('diff')}
          </Button>
        </Guarded>
      ) : null}
    </>
  );
}
