// Follows a stream of server-sent events while the page is seen: fragments for regions, and lines of a log.
//   <div data-live="/+events/stream"> gets what the stream sends, as HTML of this server, in front.
//   <div class="log" data-stream="…" data-last="184"> gets lines at its end and follows until one scrolls up.
for (const region of document.querySelectorAll<HTMLElement>('[data-live], [data-stream]')) follow(region);

function follow(region: HTMLElement): void {
  const address = region.dataset['live'] ?? region.dataset['stream'] ?? '';
  let last = region.dataset['last'];
  let source: EventSource | undefined;
  let hasEnded = false;

  function open(): void {
    const url = new URL(address, location.href);
    if (last !== undefined) url.searchParams.set('after', last);
    source = new EventSource(url);
    source.addEventListener('message', (event: MessageEvent<string>) => {
      if (event.lastEventId !== '') last = event.lastEventId;
      put(region, event.data);
    });
    source.addEventListener('end', () => {
      hasEnded = true;
      close();
    });
  }
  function close(): void {
    source?.close();
    source = undefined;
  }

  // Browsers open six connections to a host: a page that nobody sees needs none.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else if (source === undefined && !hasEnded) open();
  });
  if (!document.hidden) open();
}

function put(region: HTMLElement, markup: string): void {
  const made = document.createRange().createContextualFragment(markup);
  for (const element of made.children) element.classList.add('fresh');
  if (region.dataset['stream'] === undefined) {
    region.replaceChildren(made);
  } else {
    const isAtEnd = region.scrollHeight - region.scrollTop - region.clientHeight < 40;
    region.append(made);
    if (isAtEnd) region.scrollTop = region.scrollHeight;
  }
  region.dispatchEvent(new CustomEvent('swapped', { bubbles: true }));
}
