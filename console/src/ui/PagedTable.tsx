import { Button, Flex, Table, type TableProps } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from './Failure';

interface Problem {
  message: string;
  hint: string | null;
  requestId: string | null;
}

interface Props<T> extends Omit<TableProps<T>, 'dataSource' | 'loading' | 'pagination'> {
  pages: {
    items: T[];
    isPending: boolean;
    isFetching: boolean;
    error: Problem | null;
    hasMore: boolean;
    more: () => void;
    again: () => void;
  };
  /** What is shown when there is nothing. */
  nothing: ReactNode;
}

/** A table of what was read so far. "Loading" never looks like "none". */
export function PagedTable<T extends object>({ pages, nothing, ...table }: Props<T>) {
  const { t } = useTranslation('common');
  if (pages.error && pages.items.length === 0) {
    return (
      <Failure
        message={pages.error.message}
        hint={pages.error.hint}
        requestId={pages.error.requestId}
        onRetry={pages.again}
      />
    );
  }
  return (
    <>
      <Table<T>
        size="middle"
        scroll={{ x: 'max-content' }}
        {...table}
        dataSource={pages.items}
        loading={pages.isPending}
        pagination={false}
        locale={{ emptyText: pages.isPending ? t('loading') : nothing }}
      />
      {pages.hasMore ? (
        <Flex justify="center" style={{ marginTop: 16 }}>
          <Button loading={pages.isFetching} onClick={pages.more}>
            {t('loadMore')}
          </Button>
        </Flex>
      ) : null}
    </>
  );
}
