import { forceLinting } from '@codemirror/lint';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { editorState, type Mark } from './editorState';

interface Props {
  value: string;
  label: string;
  schema: unknown;
  marks: readonly Mark[];
  isDark: boolean;
  onChange: (value: string) => void;
}

/** A text editor that speaks the job script: colours, completion, help and marks. */
export function Editor({ value, label, schema, marks, isDark, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // The view outlives renders, so it reads what is current from here.
  const current = useRef({ value, marks, onChange });
  useEffect(() => {
    current.current = { value, marks, onChange };
    if (view.current) forceLinting(view.current);
  }, [value, marks, onChange]);
  useEffect(() => {
    if (!box.current) return undefined;
    const created = new EditorView({
      parent: box.current,
      state: editorState(current.current.value, label, {
        schema,
        isDark,
        marks: () => current.current.marks,
        onChange: (text) => current.current.onChange(text),
      }),
    });
    view.current = created;
    return () => {
      view.current = null;
      created.destroy();
    };
  }, [schema, isDark, label]);
  // The view keeps what is typed itself; only a text from outside is put into it.
  useEffect(() => {
    const shown = view.current;
    if (!shown || shown.state.doc.toString() === value) return;
    shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={box} className="editor" />;
}
