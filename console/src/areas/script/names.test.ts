import { describe, expect, it } from 'vitest';
import { placeAt, pluginAt } from './names';

const text = `{
  "configuration": {
    "reader": { // where from
      "plugin": "postgresql",
      "parameter": { "datasource": "shop", "table": "pub", "column": ["id", "na"], "where": "" }
    }
  }
}`;
const behind = (part: string) => text.indexOf(part) + part.length;

describe('a place of the script', () => {
  it('tells what is named there and what is around it', () => {
    expect(placeAt(text, behind('"table": "pub'))).toMatchObject({
      field: 'table',
      typed: 'pub',
      parameter: { datasource: 'shop' },
    });
    expect(placeAt(text, behind('"id", "na'))).toMatchObject({ field: 'column', typed: 'na' });
    const place = placeAt(text, behind('"datasource": "sh'));
    expect(place && text.slice(place.from, place.to)).toBe('"shop"');
  });
  it('names nothing elsewhere', () => {
    expect(placeAt(text, behind('"where": "'))).toBeNull();
    expect(placeAt(text, behind('"tab'))).toBeNull();
    expect(placeAt(text, 0)).toBeNull();
  });
  it('belongs to a plugin', () => {
    expect(pluginAt(text, behind('"where": "'))).toEqual({
      side: 'reader',
      plugin: 'postgresql',
      field: 'where',
    });
    expect(pluginAt(text, 0)).toBeNull();
  });
});
