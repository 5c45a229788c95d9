/** Completion, help and marks of the script, from its JSON Schema. */

import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { Diagnostic } from '@codemirror/lint';
import type { EditorView, Tooltip } from '@codemirror/view';
import { getLanguageService, TextDocument, type MarkupContent } from 'vscode-json-languageservice';

const URI = 'longshore://job.jsonc';
const SCHEMA = 'longshore://job.schema.json';
const ERROR = 1;

/** What the editor asks. */
export function jsonLanguage(schema: unknown) {
  const service = getLanguageService({});
  service.configure({
    allowComments: true,
    validate: true,
    schemas:
      typeof schema === 'object' && schema !== null
        ? [{ uri: SCHEMA, fileMatch: [URI], schema }]
        : [],
  });
  const read = (text: string) => {
    const document = TextDocument.create(URI, 'jsonc', 0, text);
    return { document, tree: service.parseJSONDocument(document) };
  };
  return {
    async validate(text: string): Promise<Diagnostic[]> {
      const { document, tree } = read(text);
      const found = await service.doValidation(document, tree, {
        comments: 'ignore',
        trailingCommas: 'ignore',
        schemaValidation: 'error',
      });
      return found.map((it) => ({
        from: document.offsetAt(it.range.start),
        to: document.offsetAt(it.range.end),
        severity: it.severity === ERROR ? 'error' : 'warning',
        message: plain(it.message),
      }));
    },

    async complete({ state, pos }: CompletionContext): Promise<CompletionResult | null> {
      const { document, tree } = read(state.doc.toString());
      const list = await service.doComplete(document, document.positionAt(pos), tree);
      if (!list || list.items.length === 0) return null;
      const [first] = list.items;
      const range = first?.textEdit && 'range' in first.textEdit ? first.textEdit.range : null;
      return {
        from: range ? document.offsetAt(range.start) : pos,
        to: range ? document.offsetAt(range.end) : pos,
        filter: false,
        options: list.items.map((item) => ({
          label: item.label,
          detail: item.detail ?? '',
          info: plain(item.documentation),
          // What the service offers as a snippet is put in as it is, without its stops.
          apply: (item.textEdit?.newText ?? item.insertText ?? item.label).replace(
            /\$\{?\d+(?::([^}]*))?\}?/g,
            '$1',
          ),
        })),
      };
    },

    async hover(view: EditorView, pos: number): Promise<Tooltip | null> {
      const { document, tree } = read(view.state.doc.toString());
      const found = await service.doHover(document, document.positionAt(pos), tree);
      const [content] = [found?.contents ?? []].flat();
      const text = typeof content === 'string' ? content : content?.value;
      if (!text) return null;
      return {
        pos,
        create: () => {
          const dom = globalThis.document.createElement('div');
          dom.className = 'editor-help';
          dom.textContent = text.replaceAll('\\', '');
          return { dom };
        },
      };
    },
  };
}

function plain(text: string | MarkupContent | undefined): string {
  return typeof text === 'string' ? text : (text?.value ?? '');
}
