import type { Migration } from '#kernel/db/migrate.ts';

/** Tables of accounts; users are in a table of the kernel's first migration. Times are epoch milliseconds. */
export type AccountsTables = {
  api_token: {
    id: string;
    user: string;
    name: string;
    /** sha256 of the token, in hex: the token itself is nowhere. */
    hash: string;
    /** JSON list of scopes. */
    scopes: string;
    /** JSON list of `user/index`; null for all indexes. */
    indexes: string | null;
    created_at: number;
    expires_at: number;
    revoked_at: number | null;
    last_used_at: number | null;
  };
  user_session: {
    id: string;
    user: string;
    /** sha256 of the cookie's name and value, in hex: the value itself is nowhere. */
    hash: string;
    /** Of the stored password hash at the time of the login. */
    fingerprint: string;
    created_at: number;
    seen_at: number;
    ends_at: number;
    /** Of the client at the login. */
    address: string;
    /** What the browser called itself at the login. */
    agent: string;
  };
  user_group: { name: string; created_at: number };
  group_member: { group_name: string; user_name: string };
};

export const accountsMigrations: readonly Migration[] = [
  {
    name: '0005-api-token',
    async up({ tx }) {
      await tx.schema
        .createTable('api_token')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('user', 'text', (column) =>
          column.notNull().references('user_account.name').onDelete('cascade'),
        )
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('hash', 'text', (column) => column.notNull().unique())
        .addColumn('scopes', 'text', (column) => column.notNull())
        .addColumn('indexes', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('revoked_at', 'bigint')
        .addColumn('last_used_at', 'bigint')
        .execute();
      await tx.schema.createIndex('api_token_by_user').on('api_token').column('user').execute();
    },
  },
  {
    name: '0006-group',
    async up({ tx }) {
      await tx.schema
        .createTable('user_group')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute();
      await tx.schema
        .createTable('group_member')
        .addColumn('group_name', 'text', (column) =>
          column.notNull().references('user_group.name').onDelete('cascade'),
        )
        .addColumn('user_name', 'text', (column) =>
          column.notNull().references('user_account.name').onDelete('cascade'),
        )
        .addPrimaryKeyConstraint('group_member_key', ['group_name', 'user_name'])
        .execute();
      await tx.schema.createIndex('group_member_by_user').on('group_member').column('user_name').execute();
    },
  },
  {
    name: '0013-user-session',
    async up({ tx }) {
      await tx.schema
        .createTable('user_session')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('user', 'text', (column) =>
          column.notNull().references('user_account.name').onDelete('cascade'),
        )
        .addColumn('hash', 'text', (column) => column.notNull().unique())
        .addColumn('fingerprint', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('seen_at', 'bigint', (column) => column.notNull())
        .addColumn('ends_at', 'bigint', (column) => column.notNull())
        .addColumn('address', 'text', (column) => column.notNull())
        .addColumn('agent', 'text', (column) => column.notNull())
        .execute();
      await tx.schema.createIndex('user_session_by_user').on('user_session').column('user').execute();
    },
  },
];
