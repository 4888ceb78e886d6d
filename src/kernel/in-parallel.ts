/** Runs `work` on every item, at most `limit` at a time; the first failure ends it. Results are in the order of the items. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  let hasFailed = false;
  async function worker(): Promise<void> {
    for (const [position, item] of left) {
      if (hasFailed) return;
      results[position] = await work(item);
    }
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  await Promise.all(workers).catch((error: unknown) => {
    hasFailed = true;
    throw error;
  });
  return results;
}

/** The same for items that come one after the other, of which no more are taken than are worked on. */
export async function eachInParallel<Item>(
  items: AsyncGenerator<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let hasFailed = false;
  async function worker(): Promise<void> {
    try {
      for (;;) {
        const next = await items.next();
        if (next.done || hasFailed) return;
        await work(next.value);
      }
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}
