import { PlusOutlined } from '@ant-design/icons';
import { Button, Space } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Guarded } from './Guarded';

interface Props {
  /** Of what the row shows. */
  name: string;
  may: boolean;
  /** Why not. */
  why: string;
  /** Why it cannot be deleted, by whomever. */
  stays?: string | undefined;
  onEdit: () => void;
  onDelete: () => void;
  /** What else can be done, before both. */
  children?: ReactNode;
}

/** What can be done with a row of a list that is kept by hand. */
export function RowButtons({ name, may, why, stays, onEdit, onDelete, children }: Props) {
  const { t } = useTranslation('common');
  const button = (action: 'edit' | 'delete', reason: string | undefined, onClick: () => void) => (
    <Guarded may={reason === undefined} why={reason}>
      <Button
        type="link"
        size="small"
        danger={action === 'delete'}
        disabled={reason !== undefined}
        aria-label={`${t(action)} ${name}`}
        onClick={onClick}
      >
        {t(action)}
      </Button>
    </Guarded>
  );
  const reason = may ? undefined : why;
  return (
    <Space size={0}>
      {children}
      {button('edit', reason, onEdit)}
      {button('delete', reason ?? stays, onDelete)}
    </Space>
  );
}

interface NewProps {
  may: boolean;
  /** Why not. */
  why: string;
  label: string;
  onClick: () => void;
}

/** Adds a row to such a list. */
export function NewButton({ may, why, label, onClick }: NewProps) {
  return (
    <Guarded may={may} why={why}>
      <Button type="primary" icon={<PlusOutlined />} disabled={!may} onClick={onClick}>
        {label}
      </Button>
    </Guarded>
  );
}
