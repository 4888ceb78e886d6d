import { sql, type Generated } from 'kysely';
import type { Migration } from './migrate.ts';

/** Tables of the kernel. Booleans are 0/1, times epoch milliseconds, JSON is text (design section 4). */
export type KernelTables = {
  /** Facts about this installation: `uuid`, `secret`, the key of tokens, and `initialized` once it has what it starts with. */
  installation: { key: string; value: string };
  /** One row: the number of the newest event. Its row lock orders commits, so serials have no gaps. */
  serial: { id: number; value: number };
  event: {
    serial: number;
    type: string;
    actor: string | null;
    at: number;
    /** JSON of the type's own data. */
    data: string;
    /** The id of what the event is about, as its type says; null: read by root alone. */
    about: number | null;
  };
  job: {
    id: Generated<number>;
    name: string;
    payload: string;
    /** At most one job has a given key; null for jobs that may pile up, and once given up. */
    key: string | null;
    run_after: number;
    attempts: number;
    lease: string | null;
    leased_until: number;
    /** What was enqueued with the key while the job ran: it runs when the job has ended. */
    again_payload: string | null;
    again_after: number | null;
    failed_at: number | null;
    last_error: string | null;
  };
  user_account: {
    name: string;
    password_hash: string;
    kept_login: string | null;
    email: string | null;
    title: string | null;
    description: string | null;
    /** JSON, any value. */
    custom_data: string | null;
    created_at: number;
    modified_at: number | null;
  };
};

export const kernelMigrations: readonly Migration[] = [
  {
    name: '0001-kernel',
    async up({ tx, id }) {
      await tx.schema
        .createTable('installation')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('value', 'text', (column) => column.notNull())
        .execute();
      await tx.schema
        .createTable('serial')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .execute();
      await sql`insert into serial (id, value) values (1, 0)`.execute(tx);
      await tx.schema
        .createTable('event')
        .addColumn('serial', 'bigint', (column) => column.primaryKey())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('actor', 'text')
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('data', 'text', (column) => column.notNull())
        .execute();
      await tx.schema
        .createTable('job')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('key', 'text', (column) => column.unique())
        .addColumn('run_after', 'bigint', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('lease', 'text')
        .addColumn('leased_until', 'bigint', (column) => column.notNull())
        .addColumn('failed_at', 'bigint')
        .addColumn('last_error', 'text')
        .execute();
      await tx.schema.createIndex('job_by_run_after').on('job').columns(['failed_at', 'run_after']).execute();
      await tx.schema
        .createTable('user_account')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('kept_login', 'text')
        .addColumn('email', 'text')
        .addColumn('title', 'text')
        .addColumn('description', 'text')
        .addColumn('custom_data', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('modified_at', 'bigint')
        .execute();
    },
  },
  {
    // A server of before has its first state already, whatever became of it.
    name: '0004-initialized',
    async up({ tx }) {
      await sql`insert into installation (key, value) select 'initialized', '1' where exists (select 1 from user_account)`.execute(
        tx,
      );
    },
  },
  {
    name: '0011-event-about',
    async up({ tx }) {
      await tx.schema.alterTable('event').addColumn('about', 'bigint').execute();
    },
  },
  {
    name: '0012-repeated-jobs',
    async up({ tx }) {
      await tx.schema.alterTable('job').addColumn('again_payload', 'text').execute();
      await tx.schema.alterTable('job').addColumn('again_after', 'bigint').execute();
      await sql`update job set key = null where failed_at is not null`.execute(tx);
    },
  },
];
