/** What one build may use; at each of them everything that runs in its sandbox is killed. */
export interface BuildLimits {
  readonly seconds: number;
  /** Of all processes together. */
  readonly memoryBytes: number;
  /** Threads count. */
  readonly processes: number;
  /** Of all that the build writes. */
  readonly diskBytes: number;
  /** What must stay free on the disk that it writes to. */
  readonly freeDiskBytes: number;
  /** What is kept of the log besides its end. */
  readonly logBytes: number;
  /** What it may fetch from the index. */
  readonly fetchBytes: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_LIMITS: BuildLimits = {
  seconds: 3600,
  memoryBytes: 4 * GIB,
  processes: 1024,
  diskBytes: 8 * GIB,
  freeDiskBytes: GIB,
  logBytes: 16 * 1024 ** 2,
  fetchBytes: 4 * GIB,
};

/** Which of them ended a build. */
export type LimitHit = 'time' | 'memory' | 'processes' | 'disk';
