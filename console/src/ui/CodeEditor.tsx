import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching } from '@codemirror/language';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, placeholder as hint } from '@codemirror/view';
import { jsonc } from '@shopify/lang-jsonc';
import { useEffect, useRef } from 'react';
import { highlighting } from './highlight';
import { usePreferences } from './preferences';
import type { CodeProps } from './Code';

/** The editor behind [Code]; it is large, so it is loaded when it is first shown. */
export default function CodeEditor(props: CodeProps) {
  const { value, label, language, onChange, names = [], placeholder = '' } = props;
  const { shown } = usePreferences();
  const isDark = shown === 'dark';
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const speech = useRef(new Compartment());
  // The view outlives renders, so it reads what is current from here.
  const offered = names.join('\n');
  const current = useRef({ value, onChange, offered });
  useEffect(() => {
    current.current = { value, onChange, offered };
  }, [value, onChange, offered]);
  const isFixed = onChange === undefined;
  useEffect(() => {
    if (!box.current) return undefined;
    const created = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: current.current.value,
        extensions: [
          isFixed && language === 'json' ? lineNumbers() : [],
          history(),
          bracketMatching(),
          closeBrackets(),
          speech.current.of(speechOf(language, current.current.offered)),
          highlighting(isDark),
          autocompletion({ icons: false }),
          // Tab leaves the editor: it is one field of many.
          keymap.of([...defaultKeymap, ...historyKeymap, ...completionKeymap]),
          hint(placeholder),
          EditorView.lineWrapping,
          EditorState.readOnly.of(isFixed),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.theme({}, { dark: isDark }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) current.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => {
      view.current = null;
      created.destroy();
    };
  }, [isDark, isFixed, label, language, placeholder]);
  useEffect(() => {
    view.current?.dispatch({ effects: speech.current.reconfigure(speechOf(language, offered)) });
  }, [offered, language]);
  // The view keeps what is typed itself; only a text from outside is put into it.
  useEffect(() => {
    const open = view.current;
    if (!open || open.state.doc.toString() === value) return;
    open.dispatch({ changes: { from: 0, to: open.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={box} className="editor small" />;
}

/** The language with the names that it offers, one a line. */
function speechOf(language: CodeProps['language'], offered: string): Extension {
  if (language === 'json') return jsonc();
  const names = offered === '' ? [] : offered.split('\n');
  // Columns are offered wherever a word may stand, as those of a table that needs no name.
  return sql({
    dialect: PostgreSQL,
    schema: { self: names.map((label) => ({ label, type: 'property', boost: 50 })) },
    defaultTable: 'self',
  });
}
