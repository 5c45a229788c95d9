import { describe, expect, it } from 'vitest';
import { fieldsOf, titleOf, type Field } from './schema';

/** A connector that nobody has written, with every kind of setting there is. */
const INVENTED = {
  type: 'object',
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      description: 'How it is\ncalled.\n\nSecond part.',
      pattern: '^[a-z]+$',
      maxLength: 8,
      examples: ['orders', 'items'],
    },
    note: { type: ['string', 'null'], 'x-ui-widget': 'textarea' },
    query: { type: 'string', 'x-ui-widget': 'sql', 'x-ui-source': 'columns' },
    accessKey: { type: 'string', format: 'password' },
    token: { type: 'string', writeOnly: true },
    rows: { type: 'integer', minimum: 1, maximum: 9, default: 3, 'x-ui-group': 'Limits' },
    share: { anyOf: [{ type: 'number' }, { type: 'null' }], 'x-ui-advanced': true },
    isQuick: { type: 'boolean', default: true },
    mode: {
      oneOf: [{ const: 'fast', description: 'At once.' }, { const: 'safe' }],
    },
    level: { enum: [1, 2, 'most'] },
    paths: { type: 'array', items: { type: 'string' } },
    statements: { type: 'array', items: { type: 'string' }, 'x-ui-widget': 'sql' },
    columns: { type: 'array', items: { $ref: '#/$defs/Column' } },
    session: { type: 'object', additionalProperties: { type: 'string' } },
    tls: { $ref: '#/$defs/Tls', description: 'How the line is kept.' },
    pool: { anyOf: [{ $ref: '#/$defs/Pool' }, { type: 'null' }] },
    mixed: { type: ['string', 'integer'] },
    nested: { type: 'array', items: { type: 'array' } },
    open: { type: 'object' },
    ignored: { type: 'string', 'x-without-effect': 'the address says it' },
  },
  $defs: {
    Column: {
      type: 'object',
      required: ['index'],
      properties: { index: { type: 'integer' }, type: { type: 'string' } },
    },
    Tls: {
      oneOf: [
        { type: 'object', properties: { kind: { const: 'off' } }, description: 'None.' },
        {
          type: 'object',
          required: ['kind', 'authority'],
          properties: { kind: { const: 'verify' }, authority: { type: 'string' } },
        },
      ],
    },
    Pool: { type: 'object', properties: { size: { type: 'integer' } } },
  },
};

const fields = new Map(fieldsOf(INVENTED).map((found) => [found.name, found]));

function field(name: string): Field {
  const found = fields.get(name);
  if (!found) throw new Error(`there is no field ${name}`);
  return found;
}

const kind = (name: string) => field(name).type;
const names = (inner: readonly Field[]) => inner.map(({ name }) => name);

describe('a schema as fields', () => {
  it('keeps its order', () => {
    expect([...fields.keys()]).toEqual(Object.keys(INVENTED.properties));
  });

  it('has texts with their help, rules and examples', () => {
    expect(field('name')).toMatchObject({
      title: 'Name',
      help: 'How it is called.\n\nSecond part.',
      placeholder: 'orders',
      examples: ['orders', 'items'],
      required: true,
      type: { kind: 'text', widget: 'line', pattern: '^[a-z]+$', longest: 8 },
    });
    expect(field('note')).toMatchObject({
      required: false,
      type: { kind: 'text', widget: 'area' },
    });
    expect(field('query')).toMatchObject({ source: 'columns', type: { widget: 'sql' } });
  });

  it('hides what is secret', () => {
    expect(kind('accessKey')).toEqual({ kind: 'secret' });
    expect(kind('token')).toEqual({ kind: 'secret' });
  });

  it('has numbers with their bounds, switches and choices', () => {
    expect(field('rows')).toMatchObject({
      fallback: 3,
      group: 'Limits',
      advanced: false,
      type: { kind: 'number', integer: true, least: 1, most: 9 },
    });
    expect(field('share')).toMatchObject({ advanced: true, type: { integer: false, least: null } });
    expect(field('isQuick')).toMatchObject({ fallback: true, type: { kind: 'switch' } });
    expect(kind('mode')).toEqual({
      kind: 'choice',
      options: [
        { value: 'fast', help: 'At once.' },
        { value: 'safe', help: null },
      ],
    });
    expect(kind('level')).toMatchObject({
      options: [{ value: 1 }, { value: 2 }, { value: 'most' }],
    });
  });

  it('has lists and maps', () => {
    expect(kind('paths')).toEqual({ kind: 'texts', widget: 'line' });
    expect(kind('statements')).toEqual({ kind: 'texts', widget: 'sql' });
    expect(kind('session')).toEqual({ kind: 'map' });
    const columns = kind('columns');
    expect(columns.kind === 'objects' && names(columns.fields)).toEqual(['index', 'type']);
    expect(columns.kind === 'objects' && columns.fields[0]?.required).toBe(true);
  });

  it('follows references, whose siblings count', () => {
    expect(field('tls').help).toBe('How the line is kept.');
    const pool = kind('pool');
    expect(pool.kind === 'object' && names(pool.fields)).toEqual(['size']);
  });

  it('tells shapes apart by their tag, which is no field of them', () => {
    const tls = kind('tls');
    if (tls.kind !== 'union') throw new Error(`tls is a ${tls.kind}`);
    expect(tls.tag).toBe('kind');
    expect(tls.variants.map((shape) => [shape.tag, shape.help, names(shape.fields)])).toEqual([
      ['off', 'None.', []],
      ['verify', null, ['authority']],
    ]);
  });

  it('leaves what it does not know as JSON', () => {
    for (const name of ['mixed', 'nested', 'open']) expect(kind(name)).toEqual({ kind: 'json' });
    expect(field('ignored').hasNoEffect).toBe(true);
  });

  it('is empty for what is no schema', () => {
    expect(fieldsOf(null)).toEqual([]);
    expect(fieldsOf({ properties: { circle: { $ref: '#/properties/circle' } } })).toHaveLength(1);
  });
});

describe('titles', () => {
  it.each([
    ['jdbcUrl', 'JDBC URL'],
    ['connectTimeoutSeconds', 'Connect timeout seconds'],
    ['id', 'ID'],
  ])('of %s', (name, title) => {
    expect(titleOf(name)).toBe(title);
  });
});
