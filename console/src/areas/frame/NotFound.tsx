import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { PageTitle } from '@/ui/PageTitle';

export function NotFound() {
  const { t } = useTranslation('common');
  return (
    <main className="page">
      <PageTitle title={t('notFound')} />
      <Link to="/">{t('goBack')}</Link>
    </main>
  );
}
