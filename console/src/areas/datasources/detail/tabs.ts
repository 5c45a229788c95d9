/** The parts of the page of a data source; the one that is seen stands in the address. */
export const DATASOURCE_TABS = ['settings', 'tables', 'users', 'history'] as const;

export type DatasourceTab = (typeof DATASOURCE_TABS)[number];

/** What is shown of a table. */
export const TABLE_VIEWS = ['columns', 'sample', 'ddl'] as const;

export type TableView = (typeof TABLE_VIEWS)[number];
