/** The set-up of the script editor: JSON with comments, checked and completed by the job's schema. */

import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import {
  bracketMatching,
  defaultHighlightStyle,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, linter, lintKeymap, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { jsonc } from '@shopify/lang-jsonc';
import { tags } from '@lezer/highlight';
import { jsonLanguage } from './jsonLanguage';

/** A problem that the server found, at a place of the text. */
export interface Mark {
  line: number;
  column: number;
  severity: 'error' | 'warning';
  message: string;
}

export interface EditorOptions {
  /** The JSON Schema of a job's document; null while it is not known. */
  schema: unknown;
  /** What the server found wrong with the text that was sent last. */
  marks: () => readonly Mark[];
  isDark: boolean;
  onChange: (text: string) => void;
}

const darkColours = HighlightStyle.define([
  { tag: tags.propertyName, color: '#9cc5ff' },
  { tag: tags.string, color: '#a5e08a' },
  { tag: tags.number, color: '#ffd591' },
  { tag: [tags.bool, tags.null], color: '#ff9ec7' },
  { tag: tags.comment, color: '#9aa4b2', fontStyle: 'italic' },
]);

export function editorState(text: string, label: string, options: EditorOptions): EditorState {
  const { schema, marks, isDark, onChange } = options;
  const language = jsonLanguage(schema);
  return EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      jsonc(),
      syntaxHighlighting(isDark ? darkColours : defaultHighlightStyle),
      autocompletion({ override: [language.complete] }),
      hoverTooltip(language.hover),
      lintGutter(),
      linter(async (view) => [
        ...(await language.validate(view.state.doc.toString())),
        ...marks().map((mark) => diagnostic(view, mark)),
      ]),
      keymap.of([
        ...defaultKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
        ...searchKeymap,
        indentWithTab,
      ]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.theme({ '&': { height: '100%' } }, { dark: isDark }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
      }),
    ],
  });
}

function diagnostic(view: EditorView, mark: Mark): Diagnostic {
  const line = view.state.doc.line(Math.min(Math.max(1, mark.line), view.state.doc.lines));
  const from = Math.min(line.from + Math.max(0, mark.column - 1), line.to);
  const word = /^[^\s,:{}[\]]+/.exec(view.state.doc.sliceString(from, line.to));
  return {
    from,
    to: Math.min(line.to, from + (word?.[0].length ?? 1)),
    severity: mark.severity,
    message: mark.message,
  };
}
