import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Nothing } from '@/ui/Nothing';

export function NotFound() {
  const { t } = useTranslation('common');
  return (
    <main className="page">
      <Nothing text={t('notFound')}>
        <Link to="/">{t('goBack')}</Link>
      </Nothing>
    </main>
  );
}
