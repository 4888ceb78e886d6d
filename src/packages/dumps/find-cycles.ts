/**
 * The circles of a graph, each once, as the names that one comes through. A name that points at itself is none: an index
 * may name itself as a base, which means nothing.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of graph.keys()) {
    if (done.has(start)) continue;
    // Each name with those after it that are still to be looked at; not by calls, whose depth a dump could choose.
    const path: { readonly name: string; readonly next: string[] }[] = [];
    const onPath = new Set<string>();
    const enter = (name: string) => {
      path.push({ name, next: (graph.get(name) ?? []).filter((each) => each !== name && graph.has(each)) });
      onPath.add(name);
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.next.pop();
      if (next === undefined) {
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
      } else if (onPath.has(next)) {
        const names = path.map(({ name }) => name);
        cycles.push(names.slice(names.indexOf(next)));
      } else if (!done.has(next)) enter(next);
    }
  }
  return cycles;
}

export function describeCycle(cycle: readonly string[]): string {
  return [...cycle, cycle[0]].join(' -> ');
}
