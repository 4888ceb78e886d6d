import { PostgresDialect, PostgresDriver, type DatabaseConnection } from 'kysely';
import type { Pool } from 'pg';
import { throwDatabaseError } from './database-error.ts';

/** Kysely's PostgreSQL, whose lost connections and damaged tables are told as our errors. */
export class TellingPostgresDialect extends PostgresDialect {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    super({ pool });
    this.#pool = pool;
  }

  override createDriver = () => new TellingPostgresDriver({ pool: this.#pool });
}

class TellingPostgresDriver extends PostgresDriver {
  readonly #known = new WeakSet<DatabaseConnection>();

  override acquireConnection: PostgresDriver['acquireConnection'] = async (options) => {
    const connection = await super.acquireConnection(options).catch(throwDatabaseError);
    if (this.#known.has(connection)) return connection;
    this.#known.add(connection);
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = (query, ...more) => execute<never>(query, ...more).catch(throwDatabaseError);
    return connection;
  };
}
