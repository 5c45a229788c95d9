/**
 * The part of JSON Schema (2020-12) that connectors use, as fields to draw.
 * What lies outside of it becomes a field of JSON text, so that no setting is out of reach.
 */

import { isObject } from '@/lib/document';

type Schema = Record<string, unknown>;

export interface Option {
  value: string | number;
  help: string | null;
}

/** One of several shapes of an object, told apart by its tag. */
export interface Variant {
  tag: string;
  help: string | null;
  fields: Field[];
}

export type Kind =
  | {
      kind: 'text';
      widget: 'line' | 'area' | 'sql';
      pattern: string | null;
      longest: number | null;
    }
  | { kind: 'secret' }
  | { kind: 'number'; integer: boolean; least: number | null; most: number | null }
  | { kind: 'switch' }
  | { kind: 'choice'; options: Option[] }
  | { kind: 'texts'; widget: 'line' | 'sql' }
  | { kind: 'object'; fields: Field[] }
  | { kind: 'objects'; fields: Field[] }
  | { kind: 'map' }
  | { kind: 'union'; tag: string; variants: Variant[] }
  | { kind: 'json' };

export interface Field {
  name: string;
  title: string;
  help: string | null;
  placeholder: string | null;
  examples: string[];
  /** Whether it is known from elsewhere and changes nothing here. */
  hasNoEffect: boolean;
  required: boolean;
  fallback: unknown;
  group: string | null;
  advanced: boolean;
  /** What the server can be asked for: `tables`, `columns`, `partitions`. */
  source: string | null;
  type: Kind;
}

/** The fields of an object's schema, in its order. */
export function fieldsOf(schema: unknown): Field[] {
  const root = isObject(schema) ? schema : {};
  return objectFields(root, root);
}

function objectFields(schema: Schema, root: Schema, except?: string): Field[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties)
    .filter(([name]) => name !== except)
    .map(([name, given]) => field(name, resolved(given, root), required.includes(name), root));
}

function field(name: string, schema: Schema, required: boolean, root: Schema): Field {
  const examples = Array.isArray(schema.examples) ? schema.examples : [];
  return {
    name,
    title: text(schema.title) ?? titleOf(name),
    help: text(schema.description)?.replace(/(?<!\n)\n(?!\n)/g, ' ') ?? null,
    placeholder: examples[0] === undefined ? null : String(examples[0]),
    examples: examples.map(String),
    hasNoEffect: text(schema['x-without-effect']) !== null,
    required,
    fallback: schema.default ?? null,
    group: text(schema['x-ui-group']),
    advanced: schema['x-ui-advanced'] === true,
    source: text(schema['x-ui-source']),
    type: kindOf(schema, root),
  };
}

/** `jdbcUrl` as `JDBC URL`, `connectTimeoutSeconds` as `Connect timeout seconds`. */
export function titleOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(' ')
    .map((word) => (SHORT.has(word.toLowerCase()) ? word.toUpperCase() : word.toLowerCase()));
  const title = words.join(' ');
  return title.charAt(0).toUpperCase() + title.slice(1);
}

const SHORT = new Set(['jdbc', 'url', 'ssl', 'tls', 'sql', 'id', 'mb', 'pk', 'csv', 'json']);

/** A schema with its reference followed and without the alternative `null`. Siblings of a reference count. */
function resolved(given: unknown, root: Schema): Schema {
  let schema = isObject(given) ? given : {};
  for (let depth = 0; depth < 8; depth += 1) {
    const reference = text(schema.$ref);
    const one = onlyAlternative(schema);
    if (reference !== null) {
      const { $ref: _, ...siblings } = schema;
      schema = { ...at(root, reference), ...siblings };
    } else if (one) {
      const { anyOf: _, oneOf: __, ...siblings } = schema;
      schema = { ...one, ...siblings };
    } else {
      return schema;
    }
  }
  return schema;
}

/** The one alternative beside `null`, if that is all there is. */
function onlyAlternative(schema: Schema): Schema | null {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(alternatives)) return null;
  const real = alternatives.filter((it) => isObject(it) && it.type !== 'null');
  const [one] = real;
  return real.length === 1 && alternatives.length > 1 && isObject(one) ? one : null;
}

function at(root: Schema, reference: string): Schema {
  let found: unknown = root;
  for (const key of reference.replace(/^#\/?/, '').split('/')) {
    found = isObject(found) ? found[key] : undefined;
  }
  return isObject(found) ? found : {};
}

function kindOf(schema: Schema, root: Schema): Kind {
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(alternatives)) {
    const known = alternatives.map((it) => resolved(it, root)).filter((it) => it.type !== 'null');
    if (known.every((it) => isValue(it.const)))
      return { kind: 'choice', options: known.map(option) };
    const tag = tagOf(known);
    if (tag !== null) {
      return { kind: 'union', tag, variants: known.map((it) => variant(it, tag, root)) };
    }
    return { kind: 'json' };
  }
  if (Array.isArray(schema.enum)) {
    const options = schema.enum.filter(isValue).map((value) => ({ value, help: null }));
    return { kind: 'choice', options };
  }
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const [type, ...others] = types.filter((it) => it !== 'null');
  if (others.length > 0) return { kind: 'json' };
  switch (type) {
    case 'string':
      if (schema.format === 'password' || schema.writeOnly === true) return { kind: 'secret' };
      return {
        kind: 'text',
        widget: widgetOf(schema),
        pattern: text(schema.pattern),
        longest: number(schema.maxLength),
      };
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        integer: type === 'integer',
        least: number(schema.minimum),
        most: number(schema.maximum),
      };
    case 'boolean':
      return { kind: 'switch' };
    case 'array':
      return arrayKind(schema, root);
    case 'object':
      if (isObject(schema.properties)) {
        return { kind: 'object', fields: objectFields(schema, root) };
      }
      return isText(resolved(schema.additionalProperties, root))
        ? { kind: 'map' }
        : { kind: 'json' };
    default:
      return { kind: 'json' };
  }
}

function arrayKind(schema: Schema, root: Schema): Kind {
  const items = resolved(schema.items, root);
  if (isText(items)) {
    return { kind: 'texts', widget: widgetOf(schema) === 'line' ? 'line' : 'sql' };
  }
  if (items.type === 'object' && isObject(items.properties)) {
    return { kind: 'objects', fields: objectFields(items, root) };
  }
  return { kind: 'json' };
}

function variant(schema: Schema, tag: string, root: Schema): Variant {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const value = isObject(properties[tag]) ? properties[tag].const : '';
  return {
    tag: String(value),
    help: text(schema.description),
    fields: objectFields(schema, root, tag),
  };
}

/** The property that has another constant in each of the shapes. */
function tagOf(shapes: Schema[]): string | null {
  const [first] = shapes;
  if (!first || !isObject(first.properties)) return null;
  const isTag = (name: string) =>
    shapes.every(
      (shape) =>
        isObject(shape.properties) &&
        isObject(shape.properties[name]) &&
        isValue(shape.properties[name].const),
    );
  return Object.keys(first.properties).find(isTag) ?? null;
}

function option(schema: Schema): Option {
  const value = isValue(schema.const) ? schema.const : '';
  return { value, help: text(schema.description) };
}

function widgetOf(schema: Schema): 'line' | 'area' | 'sql' {
  const widget = schema['x-ui-widget'];
  if (widget === 'sql' || widget === 'code') return 'sql';
  return widget === 'textarea' ? 'area' : 'line';
}

function isText(schema: Schema): boolean {
  return schema.type === 'string';
}

function isValue(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
