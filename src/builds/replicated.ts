import type { Replicated } from '#kernel/replication/replicated.ts';

/** The farm is where the primary is: replicas have the wheels, and know nothing of their making. */
export const replicatedBuilds: Replicated = {
  tables: {},
  local: ['build_watch', 'build_skip', 'build_need', 'build', 'build_log_piece', 'build_file', 'builder'],
  subjectsOf: () => [],
  read: async () => [],
};
