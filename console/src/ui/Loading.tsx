import { Skeleton } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** The outline of what is still on its way; what comes at once needs none. */
export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation('common');
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status">
      <span className="visually-hidden">{t('loading')}</span>
      {isLate ? <Skeleton active title={false} paragraph={{ rows }} /> : null}
    </div>
  );
}
