import { useTranslation } from 'react-i18next';
import { Ago } from './Moment';
import { StateTag } from './StateTag';

interface Props {
  isChanged: boolean;
  isSaving: boolean;
  /** When the draft was saved; null when it never was. */
  at: string | null;
}

/** Whether all is saved, and since when. */
export function SavedState({ isChanged, isSaving, at }: Props) {
  const { t } = useTranslation('editing');
  if (isSaving) return <StateTag tone="running">{t('saving')}</StateTag>;
  if (isChanged || at === null) return <StateTag tone="warning">{t('notSaved')}</StateTag>;
  return (
    <span>
      {t('draft')} · {t('savedAt')} <Ago at={at} />
    </span>
  );
}
