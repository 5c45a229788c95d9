import { useEffect, useRef } from 'react';
import { editorState, type EditorOptions } from './editorState';
import { EditorView } from '@codemirror/view';

interface Props extends Omit<EditorOptions, 'onChange'> {
  value: string;
  label: string;
  onChange: (value: string) => void;
}

/** A text editor that speaks the job script: colours, completion, help and marks. */
export function Editor({ value, label, schema, marks, isDark, isReadOnly, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useRef(onChange);
  useEffect(() => {
    tell.current = onChange;
  }, [onChange]);
  // The view keeps the text itself; only a text from outside is put into it.
  useEffect(() => {
    if (!box.current) return undefined;
    const options = { schema, marks, isDark, isReadOnly, onChange: (text: string) => tell.current(text) };
    const known = view.current?.state;
    const created = new EditorView({
      parent: box.current,
      state: editorState(known?.doc.toString() ?? value, label, options),
      ...(known ? { selection: known.selection } : {}),
    });
    view.current = created;
    return () => created.destroy();
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [schema, isDark, isReadOnly, label]);
  useEffect(() => {
    const current = view.current;
    if (!current || current.state.doc.toString() === value) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={box} className="editor" />;
}
