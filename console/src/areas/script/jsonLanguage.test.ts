import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import { describe, expect, it } from 'vitest';
import { jsonLanguage } from './jsonLanguage';

const language = jsonLanguage({
  type: 'object',
  additionalProperties: false,
  properties: {
    channels: { type: 'integer', description: 'How many parts run at a time.' },
    mode: { enum: ['insert', 'update'] },
  },
});

const complete = (text: string, at: string) => {
  const state = EditorState.create({ doc: text });
  return language.complete(new CompletionContext(state, text.indexOf(at) + at.length, true));
};

describe('the script editor', () => {
  it('completes names of fields, without the stops of a snippet', async () => {
    const text = '{ "ch" }';
    const found = await complete(text, '"ch');
    const option = found?.options.find(({ label }) => label === 'channels');
    expect(option?.apply).toMatch(/^"channels"(?!.*\$)/);
    expect(option?.info).toBe('How many parts run at a time.');
    expect(text.slice(found?.from, found?.to)).toContain('"ch');
  });

  it('completes values', async () => {
    const found = await complete('{ "mode": "" }', '"mode": "');
    expect(found?.options.map(({ label }) => label)).toEqual(['"insert"', '"update"']);
  });

  it('explains what stands under the pointer', async () => {
    const text = '{ "channels": 2 }';
    // Of a view, only its text is read.
    const view = { state: EditorState.create({ doc: text }) } as EditorView;
    const found = await language.hover(view, text.indexOf('channels'));
    expect(found?.create(view).dom.textContent).toBe('How many parts run at a time.');
    expect(await language.hover(view, 0)).toBeNull();
  });

  it('marks what is wrong where it stands, on whichever line', async () => {
    const text = '{\n  // a note stays\n  "mode": "perhaps",\n  "chanels": 2,\n}';
    const found = await language.validate(text);
    expect(found.map(({ from, to, severity }) => [text.slice(from, to), severity])).toEqual([
      ['"perhaps"', 'error'],
      ['"chanels"', 'error'],
    ]);
    expect(found[0]?.message).toContain('"insert", "update"');
  });

  it('finds nothing wrong without a schema but what is no JSON', async () => {
    const bare = jsonLanguage(null);
    expect(await bare.validate('{ "whatever": [1] } // fine')).toEqual([]);
    expect(await bare.validate('{ "whatever": ')).not.toEqual([]);
  });
});
