/** The set-up of the script editor: JSON with comments, checked and completed by the job's schema. */

import {
  autocompletion,
  closeBrackets,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
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
import { highlighting } from '@/ui/highlight';
import { jsonLanguage } from './jsonLanguage';
import type { Offer } from './names';

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
  /** Names that the server knows for a place of the text. */
  offer: Offer;
  isDark: boolean;
  onChange: (text: string) => void;
  /** Told where the cursor stands. */
  onCursor: (offset: number) => void;
}

/** Marks drawn without pictures: the console's content policy admits none that stand in the style itself. */
const markLooks = {
  '.cm-lintRange': { backgroundImage: 'none', textDecoration: 'underline wavy 1px' },
  '.cm-lintRange-error': { textDecorationColor: 'var(--failed)' },
  '.cm-lintRange-warning': { textDecorationColor: 'var(--warning)' },
  '.cm-lint-marker': { textAlign: 'center', fontWeight: '700', lineHeight: '1em' },
  '.cm-lint-marker-error': { content: '"×"', color: 'var(--failed)' },
  '.cm-lint-marker-warning': { content: '"!"', color: 'var(--warning)' },
};

export function editorState(text: string, label: string, options: EditorOptions): EditorState {
  const { schema, marks, offer, isDark, onChange, onCursor } = options;
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
      highlighting(isDark),
      autocompletion({ icons: false, override: [named(offer), language.complete] }),
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
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      EditorView.theme({ '&': { height: '100%' }, ...markLooks }, { dark: isDark }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
        if (update.selectionSet || update.docChanged) onCursor(update.state.selection.main.head);
      }),
    ],
  });
}

/** Completes data sources, tables and columns with what the server knows. */
function named(offer: Offer) {
  return async ({ state, pos }: CompletionContext): Promise<CompletionResult | null> => {
    const found = await offer(state.doc.toString(), pos);
    if (!found || found.names.length === 0) return null;
    return {
      from: found.from,
      to: found.to,
      filter: false,
      options: found.names.map((name) => ({
        label: name,
        type: 'constant',
        apply: JSON.stringify(name),
      })),
    };
  };
}

/** Puts the cursor to a place and shows it. */
export function goTo(view: EditorView, line: number, column: number): void {
  const found = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  const anchor = Math.min(found.from + Math.max(0, column - 1), found.to);
  view.dispatch({ selection: { anchor }, scrollIntoView: true });
  view.focus();
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
