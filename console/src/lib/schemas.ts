/** Tables by their schema, as names such as `public.person` tell it. */

export interface Named {
  name: string;
}

export interface Schema<T> {
  /** Empty for tables whose names have none. */
  name: string;
  tables: T[];
}

/** The part of a name before its first dot; a dot between double quotes belongs to the name. */
export function schemaOf(name: string): string {
  let isQuoted = false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] === '"') isQuoted = !isQuoted;
    if (name[index] === '.' && !isQuoted) return name.slice(0, index);
  }
  return '';
}

/** Tables under their schemas, both in the order in which they come. */
export function bySchema<T extends Named>(tables: readonly T[]): Schema<T>[] {
  const schemas = new Map<string, Schema<T>>();
  for (const table of tables) {
    const name = schemaOf(table.name);
    const known = schemas.get(name) ?? { name, tables: [] };
    known.tables.push(table);
    schemas.set(name, known);
  }
  return [...schemas.values()];
}
