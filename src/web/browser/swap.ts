// Lists that filter while one types: the same address with the form's values, of which one region is put in.
//   <form data-swap="results"> … <div id="results">
const PAUSE_MS = 120;

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-swap]')) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void swap(), PAUSE_MS);
  });

  async function swap(): Promise<void> {
    asking?.abort();
    const mine = (asking = new AbortController());
    const address = new URL(form.action);
    address.search = new URLSearchParams([...new FormData(form)].map(([k, v]) => [k, String(v)])).toString();
    try {
      const response = await fetch(address, { headers: { accept: 'text/html' }, signal: mine.signal });
      if (!response.ok) return;
      const made = new DOMParser().parseFromString(await response.text(), 'text/html');
      const id = form.dataset['swap'] ?? '';
      const [old, fresh] = [document.getElementById(id), made.getElementById(id)];
      if (old === null || fresh === null) return;
      old.replaceChildren(...fresh.childNodes);
      history.replaceState(history.state, '', address);
      old.dispatchEvent(new CustomEvent('swapped', { bubbles: true }));
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }
}
