import type { Context } from '#kernel/context.ts';
import type { PollingReplica } from '#kernel/replication/polling-replicas.ts';

/** What `+status` says of primary and replicas under devpi's names (reference devpi.md 1.13), times in seconds. */
export function describeReplication({ replica, replicas, events }: Context): Record<string, unknown> {
  const polling_replicas = Object.fromEntries(
    replicas.list().map((each) => [each.uuid, describePolling(each, events.serial)]),
  );
  if (replica === undefined) return { role: 'MASTER', polling_replicas };
  const status = replica.status();
  const ofPrimary = {
    url: replica.primaryUrl,
    uuid: replica.primaryUuid,
    serial: status.primarySerial ?? null,
    'serial-timestamp': seconds(status.primarySerialAt),
    'contacted-at': seconds(status.contactedAt),
  };
  const named = (prefix: string) =>
    Object.fromEntries(Object.entries(ofPrimary).map(([name, value]) => [`${prefix}-${name}`, value]));
  const updatedAt = seconds(status.updatedAt);
  return {
    role: 'REPLICA',
    ...named('primary'),
    ...named('master'),
    'update-from-primary-at': updatedAt,
    'update-from-master-at': updatedAt,
    'replica-started-at': seconds(status.startedAt),
    'replica-in-sync-at': seconds(status.inSyncAt),
    'replica-metadata-in-sync-at': seconds(status.inSyncAt),
    'replica-files-in-sync-at': seconds(status.filesInSyncAt),
    'replica-init-queue-finished-at': seconds(status.filesInSyncAt),
    'replication-errors': status.trouble === undefined ? {} : { [replica.primaryUrl]: status.trouble },
    polling_replicas,
  };
}

/** Ours, in words of our own. */
export function describeLag({ replica }: Context): Record<string, unknown> | null {
  if (replica === undefined) return null;
  const { isInSync, isDiverged, missing, lagMs, trouble, filesWaiting } = replica.status();
  return {
    isInSync,
    isDiverged,
    missingEvents: missing,
    lagSeconds: lagMs === undefined ? null : lagMs / 1000,
    trouble: trouble ?? null,
    files: replica.fetches,
    filesWaiting,
  };
}

function describePolling({ serial, address, outsideUrl, askedAt }: PollingReplica, head: number) {
  return {
    serial,
    'missing-serials': Math.max(0, head - serial),
    'remote-ip': address,
    'outside-url': outsideUrl,
    'last-request': askedAt / 1000,
  };
}

function seconds(at: number | undefined): number | null {
  return at === undefined ? null : at / 1000;
}
