import { accounts } from '#accounts/part';
import { builds } from '#builds/part';
import { packages } from '#packages/part';
import { site } from '#site/part';
import { kernelSettings, type Config } from '#kernel/config/kernel-settings.ts';
import type { ConfigOf, Setting } from '#kernel/config/setting.ts';
import type { EventType } from '#kernel/events/event-type.ts';
import type { ErrorKind } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { kernelOperations } from '#kernel/http/contract.ts';
import type { Operations } from '#kernel/http/operation.ts';
import type { Part } from '#kernel/part.ts';
import { webOperations } from '#web/contract.ts';

/** Every part, each after those that it uses. */
export const parts = [accounts, packages, builds, site] as const satisfies readonly Part[];

/** The validated values of every setting, whatever its part. */
export type FullConfig = Config & ConfigOf<(typeof parts)[number]['settings']>;

export type SettingName = keyof FullConfig;

/** The settings of the kernel and of these parts: what flags, environment and configuration file may name. */
export function settingsOf(all: readonly Part[]): readonly Setting[] {
  return [...kernelSettings, ...all.flatMap(({ settings }) => settings)];
}

/** Every declared error, the source of docs/reference/errors.md. */
export function errorsOf(all: readonly Part[]): readonly ErrorKind[] {
  return [kernelErrors, ...all.map(({ errors }) => errors)].flatMap((table) => Object.values(table));
}

/** What API tokens may be given for, in alphabetical order. */
export function scopesOf(all: readonly Part[]): readonly string[] {
  const named = all.flatMap(({ policy }) => Object.values<string | undefined>(policy.scopes));
  return [...new Set(named.filter((scope) => scope !== undefined))].toSorted();
}

/** Every declared event, the source of docs/reference/events.md. */
export function eventsOf(all: readonly Part[]): readonly EventType[] {
  return all.flatMap(({ events }) => Object.values(events));
}

/** Every operation, the source of OpenAPI and of docs/reference/http.md. */
export function operationsOf(all: readonly Part[]): Operations {
  return Object.assign(
    {},
    kernelOperations,
    webOperations,
    ...all.map(({ operations }) => operations),
  ) as Operations;
}
