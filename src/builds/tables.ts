import type { Generated } from 'kysely';
import type { Migration } from '#kernel/db/migrate.ts';

/** Tables of the part builds. Times are epoch milliseconds, JSON is text. */
export type BuildsTables = {
  /** What is built by request: projects of an index whose sdists get wheels. */
  build_watch: {
    id: Generated<number>;
    /** The index that has the sdists. */
    index_id: number;
    /** Normalized. */
    project: string;
    /** PEP 440; empty for all versions. */
    specifier: string;
    /** JSON list, in the long form: `cp313-linux_x86_64`. */
    targets: string;
    /** 1: also what upstream has fitting wheels of. */
    is_everything: number;
    /** 1: pre-releases, too. */
    has_prereleases: number;
    created_by: string | null;
    created_at: number;
    /** Null before its files were looked at for the first time. */
    read_at: number | null;
    problem: string | null;
  };
  /** What is not built of a project, and what people are told. */
  build_skip: {
    id: Generated<number>;
    index_id: number;
    project: string;
    /** Canonical; empty for all versions. */
    version: string;
    /** Empty for all targets. */
    target: string;
    reason: string;
    created_by: string | null;
    created_at: number;
  };
  /** Builds to do. Derived: what is missing here comes back when the project is looked at. */
  build_need: {
    id: Generated<number>;
    index_id: number;
    project: string;
    version: string;
    target: string;
    sdist: string;
    sdist_sha256: string | null;
    /** Its address on this server. */
    sdist_path: string;
    sdist_uploaded_at: number | null;
    /** 0 asked for by a person, 1 released since the project is watched, 2 older. */
    rank: number;
    released_at: number;
    /** 1: it is not known whether one wheel will do for all targets, so one of them is built first. */
    is_alone: number;
    not_before: number;
  };
  /** Every build that was begun. */
  build: {
    id: Generated<number>;
    index_id: number;
    project: string;
    version: string;
    target: string;
    sdist: string;
    sdist_sha256: string | null;
    sdist_path: string;
    builder: string;
    /** `running`, `succeeded`, `failed`, `lost` or `cancelled`. */
    state: string;
    /** While it runs: what nobody else may build meanwhile. */
    claim: string | null;
    lease_until: number;
    started_at: number;
    ended_at: number | null;
    seconds: number | null;
    failure: string | null;
    detail: string | null;
    /** When a failed build may be tried again; null: not before somebody asks. */
    retry_at: number | null;
    /** JSON object. */
    record: string | null;
    /** The whole log, compressed with gzip, in the store of files. */
    log_sha256: string | null;
    log_size: number | null;
  };
  /** The log of a build that runs. */
  build_log_piece: { build_id: number; position: number; text: string };
  /** Wheels that a builder brought. */
  build_file: {
    build_id: number;
    filename: string;
    size: number;
    sha256: string;
    md5: string;
    blake2b_256: string;
  };
  builder: {
    name: string;
    version: string;
    session: string;
    /** JSON list. */
    targets: string;
    /** `active`, `paused` or `draining`. */
    state: string;
    registered_at: number;
    seen_at: number;
  };
};

export const buildsMigrations: readonly Migration[] = [
  {
    name: '0024-builds',
    async up({ tx, id }) {
      const { schema } = tx;
      await schema
        .createTable('build_watch')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('specifier', 'text', (column) => column.notNull())
        .addColumn('targets', 'text', (column) => column.notNull())
        .addColumn('is_everything', 'integer', (column) => column.notNull())
        .addColumn('has_prereleases', 'integer', (column) => column.notNull())
        .addColumn('created_by', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('read_at', 'bigint')
        .addColumn('problem', 'text')
        .addUniqueConstraint('build_watch_project', ['index_id', 'project'])
        .execute();
      await schema
        .createTable('build_need')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('sdist', 'text', (column) => column.notNull())
        .addColumn('sdist_sha256', 'text')
        .addColumn('sdist_path', 'text', (column) => column.notNull())
        .addColumn('sdist_uploaded_at', 'bigint')
        .addColumn('rank', 'integer', (column) => column.notNull())
        .addColumn('released_at', 'bigint', (column) => column.notNull())
        .addColumn('is_alone', 'integer', (column) => column.notNull())
        .addColumn('not_before', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('build_need_one', ['index_id', 'project', 'version', 'target'])
        .execute();
      await schema
        .createIndex('build_need_by_turn')
        .on('build_need')
        .columns(['target', 'rank', 'released_at desc', 'id'])
        .execute();
      await schema
        .createTable('build')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('sdist', 'text', (column) => column.notNull())
        .addColumn('sdist_sha256', 'text')
        .addColumn('sdist_path', 'text', (column) => column.notNull())
        .addColumn('builder', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('claim', 'text', (column) => column.unique())
        .addColumn('lease_until', 'bigint', (column) => column.notNull())
        .addColumn('started_at', 'bigint', (column) => column.notNull())
        .addColumn('ended_at', 'bigint')
        .addColumn('seconds', 'real')
        .addColumn('failure', 'text')
        .addColumn('detail', 'text')
        .addColumn('retry_at', 'bigint')
        .addColumn('record', 'text')
        .addColumn('log_sha256', 'text')
        .addColumn('log_size', 'bigint')
        .execute();
      await schema
        .createIndex('build_by_release')
        .on('build')
        .columns(['index_id', 'project', 'version'])
        .execute();
      await schema.createIndex('build_by_lease').on('build').columns(['state', 'lease_until']).execute();
      await schema.createIndex('build_by_log').on('build').column('log_sha256').execute();
      await schema
        .createTable('build_log_piece')
        .addColumn('build_id', 'bigint', (column) =>
          column.notNull().references('build.id').onDelete('cascade'),
        )
        .addColumn('position', 'bigint', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('build_log_piece_place', ['build_id', 'position'])
        .execute();
      await schema
        .createTable('build_file')
        .addColumn('build_id', 'bigint', (column) =>
          column.notNull().references('build.id').onDelete('cascade'),
        )
        .addColumn('filename', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('md5', 'text', (column) => column.notNull())
        .addColumn('blake2b_256', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('build_file_name', ['build_id', 'filename'])
        .execute();
      await schema.createIndex('build_file_by_sha256').on('build_file').column('sha256').execute();
      await schema
        .createTable('builder')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('session', 'text', (column) => column.notNull())
        .addColumn('targets', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('registered_at', 'bigint', (column) => column.notNull())
        .addColumn('seen_at', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  {
    name: '0026-build-skips',
    async up({ tx, id }) {
      await tx.schema
        .createTable('build_skip')
        .addColumn('id', id, (column) => column.primaryKey())
        .addColumn('index_id', 'bigint', (column) =>
          column.notNull().references('package_index.id').onDelete('cascade'),
        )
        .addColumn('project', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('created_by', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('build_skip_one', ['index_id', 'project', 'version', 'target'])
        .execute();
    },
  },
];
