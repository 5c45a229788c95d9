import { forceLinting } from '@codemirror/lint';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { editorState, goTo, type Mark } from './editorState';
import type { Offer } from './names';

interface Props {
  value: string;
  label: string;
  schema: unknown;
  marks: readonly Mark[];
  offer: Offer;
  isDark: boolean;
  /** Where the cursor is to go; a new object goes there again. */
  target: { line: number; column: number } | null;
  onChange: (value: string) => void;
  onCursor: (offset: number) => void;
}

/** A text editor that speaks the job script: colours, completion, help and marks. */
export function Editor(props: Props) {
  const { value, label, schema, marks, offer, isDark, target, onChange, onCursor } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // The view outlives renders, so it reads what is current from here.
  const current = useRef({ value, marks, offer, onChange, onCursor });
  useEffect(() => {
    const hasNews = JSON.stringify(marks) !== JSON.stringify(current.current.marks);
    current.current = { value, marks, offer, onChange, onCursor };
    if (hasNews && view.current) forceLinting(view.current);
  }, [value, marks, offer, onChange, onCursor]);
  useEffect(() => {
    if (!box.current) return undefined;
    const created = new EditorView({
      parent: box.current,
      state: editorState(current.current.value, label, {
        schema,
        isDark,
        marks: () => current.current.marks,
        offer: (text, offset) => current.current.offer(text, offset),
        onChange: (text) => current.current.onChange(text),
        onCursor: (offset) => current.current.onCursor(offset),
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
  useEffect(() => {
    if (target && view.current) goTo(view.current, target.line, target.column);
  }, [target]);
  return <div ref={box} className="editor" />;
}
