import { environment } from '#kernel/config/environment.ts';

/** Our environment for a program that is started, with what is set for it. */
export function inheritedEnvironment(
  variables: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const inherited = Object.entries(environment).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  return { ...Object.fromEntries(inherited), ...variables };
}

/** Without what names another repository than the one of the working directory: hooks, from which a command may run, set that. */
export function withoutRepository(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !OF_REPOSITORY.test(name)));
}

const OF_REPOSITORY = /^(?:GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|PREFIX)|HG_.+)$/;
