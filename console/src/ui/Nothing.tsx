import { Empty } from 'antd';
import type { ReactNode } from 'react';

/** There is nothing yet: one sentence and one action. */
export function Nothing({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={text} style={{ padding: '32px 0' }}>
      {children}
    </Empty>
  );
}
