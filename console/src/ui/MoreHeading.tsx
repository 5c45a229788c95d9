import { useTranslation } from 'react-i18next';

/** The heading of the column whose signs unfold a row: there for those who do not see it. */
export function MoreHeading() {
  const { t } = useTranslation('common');
  return <span className="visually-hidden">{t('more')}</span>;
}
