/** Counted since the start of this process. */
export interface MirrorStatistics {
  pageHits: number;
  pageMisses: number;
  pagesStale: number;
  upstreamRequests: number;
  upstreamFailures: number;
  entriesDropped: number;
  fileHits: number;
  fileMisses: number;
  bytesFetched: number;
}

export function newStatistics(): MirrorStatistics {
  return {
    pageHits: 0,
    pageMisses: 0,
    pagesStale: 0,
    upstreamRequests: 0,
    upstreamFailures: 0,
    entriesDropped: 0,
    fileHits: 0,
    fileMisses: 0,
    bytesFetched: 0,
  };
}
