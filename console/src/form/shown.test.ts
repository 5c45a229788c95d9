import { describe, expect, it } from 'vitest';
import { fieldsOf } from './schema';
import { shownOf } from './shown';

const schema = {
  type: 'object',
  properties: {
    host: { type: 'string' },
    port: { type: 'integer', default: 5432 },
    password: { type: 'string', writeOnly: true },
    timeout: { type: 'integer', default: 10, 'x-ui-advanced': true },
    tls: {
      oneOf: [
        { type: 'object', properties: { mode: { const: 'none' } } },
        {
          type: 'object',
          properties: { mode: { const: 'verify' }, authority: { type: 'string' } },
        },
      ],
    },
  },
};

describe('settings to read', () => {
  it('show defaults, and of secrets only that they are kept', () => {
    const shown = shownOf(fieldsOf(schema), { host: 'db', password: null });
    expect(shown.map(({ title, text, isSecret }) => [title, text, isSecret])).toEqual([
      ['Host', 'db', false],
      ['Port', '5432', false],
      ['Password', null, true],
      ['TLS', null, false],
    ]);
  });

  it('show the chosen shape with its fields', () => {
    const shown = shownOf(fieldsOf(schema), { tls: { mode: 'verify', authority: 'own' } });
    expect(shown.slice(-2)).toEqual([
      { title: 'TLS', text: 'verify', isSecret: false },
      { title: 'TLS · Authority', text: 'own', isSecret: false },
    ]);
  });
});
