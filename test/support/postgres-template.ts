/** The migrated PostgreSQL database that tests clone. */
export const POSTGRES_TEMPLATE = 'wheelhouse_template';
