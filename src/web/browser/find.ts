// Search as one types: the field in the bar gets a list box of what fits, for arrow keys, Enter and Escape.
//   <input data-search> in a form that works without
const FIND_PAUSE_MS = 120;

for (const field of document.querySelectorAll<HTMLInputElement>('input[data-search]')) suggestFor(field);

function suggestFor(field: HTMLInputElement): void {
  const list = document.createElement('ul');
  list.className = 'listbox';
  list.id = 'found-list';
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'What fits');
  field.after(list);
  for (const [name, value] of [
    ['role', 'combobox'],
    ['aria-autocomplete', 'list'],
    ['aria-controls', list.id],
    ['aria-expanded', 'false'],
  ] as const)
    field.setAttribute(name, value);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;

  function close(): void {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  }

  async function ask(): Promise<void> {
    asking?.abort();
    const mine = (asking = new AbortController());
    // The form knows below which path the server is published.
    const address = `${field.form?.action ?? '/+search'}/suggestions?q=${encodeURIComponent(field.value)}`;
    try {
      const response = await fetch(address, { headers: { accept: 'text/html' }, signal: mine.signal });
      if (!response.ok) return;
      const markup = await response.text();
      if (mine.signal.aborted || document.activeElement !== field) return;
      list.replaceChildren(document.createRange().createContextualFragment(markup));
      list.hidden = false;
      field.setAttribute('aria-expanded', 'true');
      field.removeAttribute('aria-activedescendant');
    } catch (error) {
      if ((error as Error).name !== 'AbortError') close();
    }
  }

  field.addEventListener('input', () => {
    clearTimeout(timer);
    if (field.value.trim() === '') close();
    else timer = setTimeout(() => void ask(), FIND_PAUSE_MS);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (list.hidden) return;
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter') {
      const chosen = list.hidden ? null : list.querySelector<HTMLElement>('[aria-selected="true"]');
      if (chosen === null) return;
      event.preventDefault();
      open(chosen);
    }
  });
  field.addEventListener('blur', () => setTimeout(close, 150));
  list.addEventListener('mousedown', (event) => {
    const option = (event.target as Element).closest<HTMLElement>('[role="option"]');
    if (option === null) return;
    event.preventDefault();
    open(option);
  });

  function move(by: number): void {
    const options = [...list.querySelectorAll<HTMLElement>('[role="option"]')];
    const current = options.findIndex((option) => option.getAttribute('aria-selected') === 'true');
    const next = options[(current + by + options.length + (current < 0 && by < 0 ? 1 : 0)) % options.length];
    for (const option of options) option.setAttribute('aria-selected', String(option === next));
    if (next === undefined) return;
    field.setAttribute('aria-activedescendant', next.id);
    next.scrollIntoView({ block: 'nearest' });
  }

  function open(option: HTMLElement): void {
    const href = option.dataset['href'];
    if (href !== undefined) location.assign(href);
  }
}
