import { sql, type ColumnDefinitionBuilder, type Generated } from 'kysely';
import type { Migration } from '#kernel/db/migrate.ts';

/** Tables of the part packages. Times are epoch milliseconds, JSON is text. */
export type PackagesTables = {
  package_index: {
    id: Generated<number>;
    user_name: string;
    name: string;
    type: string;
    /** JSON object of every option but `type`. */
    options: string;
    /** 1 for a mirror whose URL root has set. */
    is_trusted: Generated<number>;
    created_at: number;
  };
  project: {
    id: Generated<number>;
    index_id: number;
    /** Normalized (PEP 503). */
    name: string;
    /** As the first upload spelt it. */
    display_name: string;
  };
  release: {
    id: Generated<number>;
    project_id: number;
    /** As uploaded: `01.0` and `1.0` are two releases, as in devpi. */
    version: string;
    /** JSON object of core metadata, devpi's key names. */
    metadata: string;
  };
  release_file: {
    id: Generated<number>;
    index_id: number;
    project_id: number;
    release_id: number;
    filename: string;
    size: number;
    sha256: string;
    md5: string;
    blake2b_256: string;
    /** Digest and size of the PEP 658 sidecar, null when the file has none. */
    metadata_sha256: string | null;
    metadata_size: number | null;
    requires_python: string | null;
    /** Null when not yanked, else the reason, which may be empty (PEP 592). */
    yanked: string | null;
    uploaded_at: number;
    /** JSON list of devpi log items. */
    log: string;
  };
  /** The documentation of a release: at most one zip, as it was uploaded. */
  documentation: {
    release_id: number;
    index_id: number;
    /** `PROJECT-VERSION.doc.zip`, whatever the upload was called (reference devpi.md 1.10). */
    filename: string;
    size: number;
    sha256: string;
    md5: string;
    uploaded_at: number;
    /** JSON list of devpi log items. */
    log: string;
  };
  /** What tox told of a file: the bytes as they were posted, never replaced. */
  tox_result: {
    id: Generated<number>;
    release_file_id: number;
    index_id: number;
    /** `FILENAME.toxresult-YYYYmmddHHMMSS-N` (reference devpi.md 1.10). */
    filename: string;
    size: number;
    sha256: string;
    md5: string;
    uploaded_at: number;
    /** JSON list of devpi log items. */
    log: string;
  };
  /** What a mirror knows of a project that upstream has: its last page. */
  mirror_project: {
    index_id: number;
    /** Normalized. */
    name: string;
    /** The mirror's URL when it answered, without credentials. */
    upstream: string;
    /** 1. Rows of absent projects, which had 0, are no longer written. */
    is_found: number;
    /** JSON of the validated page, compressed with zstd; never null any more. */
    page: Uint8Array | null;
    etag: string | null;
    serial: number | null;
    /** When upstream must be asked again. */
    expires_at: number;
  };
  /** Files of upstream that are stored here, sidecars included. */
  mirror_file: {
    index_id: number;
    /** What follows `user/index/`. */
    relpath: string;
    project: string;
    sha256: string;
    size: number;
    content_type: string;
    stored_at: number;
    used_at: number;
  };
  /** Descriptions of releases as HTML, made again when they are missing. */
  rendered_description: {
    /** Hash of the description, its type and the version of the renderer. */
    key: string;
    /** Compressed with zstd. */
    html: Uint8Array;
    /** When somebody looked at it, to the day. */
    used_at: number;
  };
  /** One row: the highest id that an index ever had. Ids name indexes in the event log, so none comes back. */
  last_package_index: { id: number };
  /** What a project is found by, written with each change of it. */
  search_entry: {
    project_id: number;
    index_id: number;
    /** Normalized. */
    name: string;
    version: string | null;
    summary: string;
    changed_at: number;
    /** Parts of words with a space between (`search-entries/grams.ts`), by which the database finds the row. */
    grams: string;
  };
  /** Who is told of events. */
  webhook: {
    id: string;
    /** Null: it is told of the events of the whole server. */
    index_id: number | null;
    /** `webhook`, or `jenkins` for the trigger that is an option of the index. */
    kind: string;
    /** May hold a password. Empty for Jenkins, whose address is the option. */
    url: string;
    /** JSON list of types, or `part.*`; empty for all. */
    events: string;
    /** Signs what is sent; null for Jenkins. */
    secret: string | null;
    /** 1 if root chose the address, which may then be private. */
    is_trusted: number;
    created_by: string | null;
    created_at: number;
    /** Failed attempts since the last success. */
    failures: number;
    failing_since: number | null;
    paused_until: number;
    disabled_at: number | null;
    disabled_reason: string | null;
  };
  /** Something a webhook is told. Without a reference to it: who emits must never wait for who removes it. */
  webhook_delivery: {
    id: string;
    webhook_id: string;
    event_type: string;
    /** Null for one that was only sent to try. */
    serial: number | null;
    /** JSON, the same at each attempt. */
    body: string;
    /** `waiting`, `delivered` or `failed`. */
    state: string;
    attempts: number;
    next_at: number;
    status: number | null;
    error: string | null;
    ms: number | null;
    created_at: number;
    ended_at: number | null;
  };
  /** Long texts that projects are found by, made anew when they are missing. */
  search_text: {
    id: Generated<number>;
    project_id: number;
    index_id: number;
    /** `keywords`, `description` or `documentation`. */
    kind: string;
    version: string;
    /** Of a page of documentation, below `+doc/`; else empty. */
    path: string;
    title: string;
    body: string;
    /** On PostgreSQL alone: the words of title and body. */
    words: Generated<string>;
  };
  /** What the texts of a project were read from, as a hash. */
  search_source: { project_id: number; source: string };
  /** Paths that once had a file: they answer 410 (reference devpi.md 1.10). */
  removed_file: { path: string; removed_at: number };
};

export const packagesMigrations: readonly Migration[] = [
  {
    name: '0002-packages',
    async up({ tx, id }) {
      await tx.schema
        .createTable('package_index')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('user_name', 'text', (column) =>
          column.notNull().references('user_account.name').onDelete('cascade'),
        )
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('options', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('package_index_name', ['user_name', 'name'])
        .execute();
      await tx.schema
        .createTable('project')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('display_name', 'text', (column) => column.notNull())
        .addUniqueConstraint('project_name', ['index_id', 'name'])
        .execute();
      await tx.schema
        .createTable('release')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('project_id', 'bigint', (column) =>
          column.notNull().references('project.id').onDelete('cascade'),
        )
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('metadata', 'text', (column) => column.notNull())
        .addUniqueConstraint('release_version', ['project_id', 'version'])
        .execute();
      await tx.schema
        .createTable('release_file')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('project_id', 'bigint', (column) =>
          column.notNull().references('project.id').onDelete('cascade'),
        )
        .addColumn('release_id', 'bigint', (column) =>
          column.notNull().references('release.id').onDelete('cascade'),
        )
        .addColumn('filename', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('md5', 'text', (column) => column.notNull())
        .addColumn('blake2b_256', 'text', (column) => column.notNull())
        .addColumn('metadata_sha256', 'text')
        .addColumn('metadata_size', 'bigint')
        .addColumn('requires_python', 'text')
        .addColumn('yanked', 'text')
        .addColumn('uploaded_at', 'bigint', (column) => column.notNull())
        .addColumn('log', 'text', (column) => column.notNull())
        .addUniqueConstraint('release_file_name', ['index_id', 'filename'])
        .execute();
      const indexes = {
        project_id: 'project',
        release_id: 'release',
        sha256: 'sha256',
        metadata_sha256: 'metadata',
      };
      for (const [column, name] of Object.entries(indexes)) {
        await tx.schema.createIndex(`release_file_by_${name}`).on('release_file').column(column).execute();
      }
      await tx.schema
        .createTable('removed_file')
        .addColumn('path', 'text', (column) => column.primaryKey())
        .addColumn('removed_at', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  {
    name: '0003-mirror',
    async up({ tx, bytes }) {
      const ofIndex = (column: ColumnDefinitionBuilder) =>
        column.notNull().references('package_index.id').onDelete('cascade');
      await tx.schema
        .createTable('mirror_project')
        .addColumn('index_id', 'bigint', ofIndex)
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('upstream', 'text', (column) => column.notNull())
        .addColumn('is_found', 'integer', (column) => column.notNull())
        .addColumn('page', sql.raw(bytes))
        .addColumn('etag', 'text')
        .addColumn('serial', 'bigint')
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('mirror_project_key', ['index_id', 'name'])
        .execute();
      await tx.schema
        .createTable('mirror_file')
        .addColumn('index_id', 'bigint', ofIndex)
        .addColumn('relpath', 'text', (column) => column.notNull())
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('content_type', 'text', (column) => column.notNull())
        .addColumn('stored_at', 'bigint', (column) => column.notNull())
        .addColumn('used_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('mirror_file_key', ['index_id', 'relpath'])
        .execute();
      await tx.schema
        .createIndex('mirror_file_by_project')
        .on('mirror_file')
        .columns(['index_id', 'project'])
        .execute();
      await tx.schema.createIndex('mirror_file_by_use').on('mirror_file').column('used_at').execute();
    },
  },
  {
    name: '0007-absent-projects',
    async up({ tx }) {
      // Now in memory: anybody could fill the table with names that no upstream has.
      await sql`delete from mirror_project where is_found = 0`.execute(tx);
    },
  },
  {
    name: '0008-trusted-mirrors',
    async up({ tx }) {
      await tx.schema
        .alterTable('package_index')
        .addColumn('is_trusted', 'integer', (column) => column.notNull().defaultTo(0))
        .execute();
      // Who chose the URLs of mirrors that are there is not known, and they must go on working.
      await sql`update package_index set is_trusted = 1 where type = 'mirror'`.execute(tx);
    },
  },
  {
    name: '0009-mirrored-digests',
    async up({ tx }) {
      await tx.schema.createIndex('mirror_file_by_sha256').on('mirror_file').column('sha256').execute();
    },
  },
  {
    name: '0010-last-package-index',
    async up({ tx }) {
      await tx.schema
        .createTable('last_package_index')
        .addColumn('id', 'bigint', (column) => column.notNull())
        .execute();
      await sql`insert into last_package_index (id) select coalesce(max(id), 0) from package_index`.execute(
        tx,
      );
    },
  },
  {
    name: '0014-rendered-descriptions',
    async up({ tx, bytes }) {
      await tx.schema
        .createTable('rendered_description')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('html', sql.raw(bytes), (column) => column.notNull())
        .addColumn('used_at', 'bigint', (column) => column.notNull())
        .execute();
      await tx.schema
        .createIndex('rendered_description_by_use')
        .on('rendered_description')
        .column('used_at')
        .execute();
    },
  },
  {
    name: '0016-upload-times',
    async up({ tx }) {
      // When a project was last uploaded to is then one look at the index, without its files.
      await tx.schema
        .createIndex('release_file_by_upload')
        .on('release_file')
        .columns(['project_id', 'uploaded_at'])
        .execute();
    },
  },
  {
    name: '0017-documentation-and-tests',
    async up({ tx, id }) {
      await tx.schema
        .createTable('documentation')
        .addColumn('release_id', 'bigint', (column) =>
          column.primaryKey().references('release.id').onDelete('cascade'),
        )
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('filename', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('md5', 'text', (column) => column.notNull())
        .addColumn('uploaded_at', 'bigint', (column) => column.notNull())
        .addColumn('log', 'text', (column) => column.notNull())
        .addUniqueConstraint('documentation_name', ['index_id', 'filename'])
        .execute();
      await tx.schema.createIndex('documentation_by_sha256').on('documentation').column('sha256').execute();
      await tx.schema
        .createTable('tox_result')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('release_file_id', 'bigint', (column) =>
          column.notNull().references('release_file.id').onDelete('cascade'),
        )
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('filename', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('md5', 'text', (column) => column.notNull())
        .addColumn('uploaded_at', 'bigint', (column) => column.notNull())
        .addColumn('log', 'text', (column) => column.notNull())
        .addUniqueConstraint('tox_result_name', ['release_file_id', 'filename'])
        .execute();
      await tx.schema.createIndex('tox_result_by_sha256').on('tox_result').column('sha256').execute();
    },
  },
  {
    name: '0023-webhooks',
    async up({ tx }) {
      await tx.schema
        .createTable('webhook')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.references('package_index.id').onDelete('cascade'),
        )
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('url', 'text', (column) => column.notNull())
        .addColumn('events', 'text', (column) => column.notNull())
        .addColumn('secret', 'text')
        .addColumn('is_trusted', 'integer', (column) => column.notNull())
        .addColumn('created_by', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('failures', 'integer', (column) => column.notNull())
        .addColumn('failing_since', 'bigint')
        .addColumn('paused_until', 'bigint', (column) => column.notNull())
        .addColumn('disabled_at', 'bigint')
        .addColumn('disabled_reason', 'text')
        .execute();
      await tx.schema.createIndex('webhook_by_index').on('webhook').column('index_id').execute();
      await tx.schema
        .createTable('webhook_delivery')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('webhook_id', 'text', (column) => column.notNull())
        .addColumn('event_type', 'text', (column) => column.notNull())
        .addColumn('serial', 'bigint')
        .addColumn('body', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('next_at', 'bigint', (column) => column.notNull())
        .addColumn('status', 'integer')
        .addColumn('error', 'text')
        .addColumn('ms', 'integer')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('ended_at', 'bigint')
        .execute();
      await tx.schema
        .createIndex('webhook_delivery_by_turn')
        .on('webhook_delivery')
        .columns(['webhook_id', 'state', 'next_at'])
        .execute();
      await tx.schema
        .createIndex('webhook_delivery_by_time')
        .on('webhook_delivery')
        .columns(['webhook_id', 'created_at'])
        .execute();
    },
  },
];
