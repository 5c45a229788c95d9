import { Skeleton } from 'antd';
import { lazy, Suspense } from 'react';

export interface CodeProps {
  value: string;
  /** The accessible name. */
  label: string;
  language: 'sql' | 'json';
  /** Without it the text is only read. */
  onChange?: ((value: string) => void) | undefined;
  /** Names that are offered while one types, such as columns. */
  names?: readonly string[];
  placeholder?: string;
}

const CodeEditor = lazy(() => import('./CodeEditor'));

/** A piece of code with colours and completion. */
export function Code(props: CodeProps) {
  return (
    <Suspense fallback={<Skeleton.Input active block />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
