import { Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  /** Whether the reader may do it. */
  may: boolean;
  /** Why not, if the reason is another one than a missing right. */
  why?: string | undefined;
  children: ReactNode;
}

/** Says of a control that is switched off why it is, and who can help. */
export function Guarded({ may, why, children }: Props) {
  const { t } = useTranslation('common');
  if (may) return children;
  return (
    <Tooltip title={why ?? t('askRole')}>
      <span className="guarded">{children}</span>
    </Tooltip>
  );
}
