import { useTranslation } from 'react-i18next';
import { PageTitle } from '@/ui/PageTitle';

export function OverviewPage() {
  const { t } = useTranslation('frame');
  return (
    <div className="page">
      <PageTitle title={t('overview')} />
    </div>
  );
}
