// Uploads many files, dropped or chosen: a line a file with its bytes, a button that stops it, and what the server said.
//   <form data-upload data-max="BYTES"> … <div data-drop> … <ul data-uploads> <p data-uploads-status>
// The server answers `ACTION?line` with the line as HTML. Without scripts the form sends one file.
const AT_ONCE = 2;
const ARCHIVE = /^[A-Za-z0-9_][A-Za-z0-9._+!~-]*\.(?:whl|tar\.gz|tgz|zip|tar\.bz2|egg|exe|msi|rpm|deb|dmg)$/;

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-upload]')) enhance(form);

function enhance(form: HTMLFormElement): void {
  const drop = form.querySelector<HTMLElement>('[data-drop]');
  const input = form.querySelector<HTMLInputElement>('input[type=file]');
  const list = document.querySelector<HTMLElement>('[data-uploads]');
  const status = document.querySelector<HTMLElement>('[data-uploads-status]');
  if (drop === null || input === null || list === null || status === null) return;
  input.multiple = true;
  drop.querySelector('[data-drop-words]')?.removeAttribute('hidden');
  drop.classList.add('enhanced');
  form.querySelector<HTMLElement>('[data-upload-buttons]')?.remove();
  const waiting: (() => void)[] = [];
  const counts = { running: 0, stored: 0, refused: 0, stopped: 0 };

  form.addEventListener('submit', (event) => event.preventDefault());
  input.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    input.value = '';
  });
  for (const type of ['dragenter', 'dragover'] as const) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    take([...(event.dataTransfer?.files ?? [])]);
  });
  addEventListener('beforeunload', (event) => {
    if (counts.running + waiting.length > 0) event.preventDefault();
  });

  function take(files: readonly File[]): void {
    for (const file of files) add(file);
    next();
  }

  function add(file: File): void {
    const item = document.createElement('li');
    list?.append(item);
    const max = Number(form.dataset['max']);
    if (!ARCHIVE.test(file.name)) {
      settle(
        item,
        refused(file, 'This is no name of an archive. Choose wheels (.whl) and sdists (.tar.gz).'),
      );
    } else if (file.size > max) {
      settle(item, refused(file, `The file is larger than the ${bytes(max)} that this server takes.`));
    } else waiting.push(() => send(item, file));
  }

  function next(): void {
    while (counts.running < AT_ONCE) {
      const start = waiting.shift();
      if (start === undefined) break;
      counts.running += 1;
      start();
    }
    tell();
  }

  function tell(): void {
    const left = counts.running + waiting.length;
    const parts = [
      counts.stored > 0 && `${counts.stored} stored`,
      counts.refused > 0 && `${counts.refused} refused`,
      counts.stopped > 0 && `${counts.stopped} stopped`,
      left > 0 && `${left} to go`,
    ].filter((part) => part !== false);
    if (status !== null) status.textContent = parts.join(', ');
  }

  /** Shows what became of a file. */
  function settle(item: HTMLElement, line: Element): void {
    if (line.classList.contains('refused')) counts.refused += 1;
    else if (line.classList.contains('stopped')) counts.stopped += 1;
    else counts.stored += 1;
    item.replaceChildren(line);
    tell();
  }

  function send(item: HTMLElement, file: File): void {
    const line = lineOf(file, '');
    const stop = document.createElement('button');
    stop.type = 'button';
    stop.className = 'button link';
    stop.textContent = 'Stop';
    stop.setAttribute('aria-label', `Stop ${file.name}`);
    const bar = document.createElement('progress');
    bar.max = Math.max(1, file.size);
    bar.value = 0;
    bar.setAttribute('aria-label', file.name);
    const told = document.createElement('p');
    told.className = 'hint';
    line.append(stop, bar, told);
    item.replaceChildren(line);

    const began = performance.now();
    const request = new XMLHttpRequest();
    // Only this tells how much has been sent; `fetch` does not.
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      bar.max = total;
      bar.value = loaded;
      const left = ((performance.now() - began) / Math.max(1, loaded)) * (total - loaded);
      told.textContent =
        loaded < total
          ? `${bytes(loaded)} of ${bytes(total)}, ${Math.ceil(left / 1000)} s left`
          : 'sent; the server checks it';
    });
    const end = (result: Element) => {
      const isFocused = document.activeElement === stop;
      counts.running -= 1;
      settle(item, result);
      if (isFocused) input?.focus();
      next();
    };
    request.addEventListener('load', () => {
      const made = new DOMParser().parseFromString(request.responseText, 'text/html');
      const said = made.querySelector('.uploaded');
      const problem = made.querySelector('.error-page h1')?.textContent;
      end(said ?? refused(file, problem?.trim() ?? `The server answered ${request.status}.`));
    });
    request.addEventListener('error', () =>
      end(
        refused(file, 'The connection broke before the server had answered. Nothing was stored; try again.'),
      ),
    );
    request.addEventListener('abort', () => {
      const stopped = lineOf(file, 'stopped');
      stopped.append(text('p', 'Stopped; nothing of it is stored.'));
      end(stopped);
    });
    stop.addEventListener('click', () => request.abort());
    const body = new FormData();
    body.append('content', file, file.name);
    request.open('POST', `${form.action}?line`);
    request.setRequestHeader('accept', 'text/html');
    request.send(body);
  }
}

function refused(file: File, message: string): Element {
  const line = lineOf(file, 'refused');
  const word = text('span', '✕ refused');
  word.className = 'state bad';
  line.append(word, text('p', message));
  return line;
}

function lineOf(file: File, kind: string): HTMLElement {
  const line = document.createElement('div');
  line.className = `uploaded ${kind}`;
  const name = text('bdi', file.name);
  name.className = 'file';
  line.append(name);
  return line;
}

function text(tag: string, content: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}

function bytes(count: number): string {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB'][power]}`;
}
