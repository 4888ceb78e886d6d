// Keys for who knows them: never in fields, never with a modifier, and they can be switched off.
const OFF = 'wheelhouse-keys-off';
const places: Readonly<Record<string, string>> = {
  h: '/',
  p: '/+indexes',
  e: '/+events',
  s: '/+status',
  a: '/+account',
};
let isGoing = false;

document.addEventListener('keydown', (event) => {
  if (localStorage.getItem(OFF) !== null || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement;
  if (target.isContentEditable || target.matches('input, textarea, select')) return;
  if (isGoing) {
    isGoing = false;
    const place = places[event.key];
    // Below a path, where a proxy publishes the server so.
    const home = document.querySelector<HTMLAnchorElement>('.brand')?.pathname.replace(/\/$/, '') ?? '';
    if (place !== undefined) location.assign(`${home}${place}`);
    return;
  }
  if (event.key === '/') {
    event.preventDefault();
    document.querySelector<HTMLInputElement>('[data-search]')?.focus();
  } else if (event.key === 'g') {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
  } else if (event.key === '?') showHelp();
  else if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1);
  else if (event.key === '[' || event.key === ']') moveTab(event.key === ']' ? 1 : -1);
  else if (event.key === 'u') goUp();
});

function moveRow(by: number): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('main tbody th a:first-of-type')];
  const current = links.indexOf(document.activeElement as HTMLAnchorElement);
  links[current < 0 ? (by > 0 ? 0 : links.length - 1) : current + by]?.focus();
}

function moveTab(by: number): void {
  const all = [...document.querySelectorAll<HTMLAnchorElement>('.tabs a')];
  const current = all.findIndex((tab) => tab.hasAttribute('aria-current'));
  if (current >= 0) all[current + by]?.click();
}

function goUp(): void {
  const links = document.querySelectorAll<HTMLAnchorElement>('h1 a');
  links[links.length - 1]?.click();
}

function showHelp(): void {
  const dialog = document.createElement('dialog');
  const isOff = localStorage.getItem(OFF) !== null;
  const rows = [
    ['/', 'search'],
    ['g then h p e s a', 'home, packages, events, status, account'],
    ['j k', 'next, previous row; Enter opens it'],
    ['u', 'up'],
    ['[ ]', 'previous, next tab'],
    ['?', 'this help'],
  ];
  const list = document.createElement('dl');
  list.className = 'facts';
  for (const [keys = '', meaning = ''] of rows) {
    const [term, text] = [document.createElement('dt'), document.createElement('dd')];
    const kbd = document.createElement('kbd');
    kbd.textContent = keys;
    term.append(kbd);
    text.textContent = meaning;
    list.append(term, text);
  }
  const title = document.createElement('h2');
  title.textContent = 'Keys';
  title.id = 'keys-title';
  dialog.setAttribute('aria-labelledby', title.id);
  const onOff = buttonOf(isOff ? 'Switch keys on' : 'Switch keys off', () => {
    if (isOff) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, '1');
    dialog.close();
  });
  const buttons = document.createElement('p');
  buttons.className = 'buttons';
  buttons.append(
    buttonOf('Close', () => dialog.close()),
    onOff,
  );
  dialog.append(title, list, buttons);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function buttonOf(label: string, onClick: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = 'button';
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', onClick);
  return button;
}

const help = document.querySelector<HTMLButtonElement>('[data-keys-help]');
if (help !== null) {
  help.hidden = false;
  help.addEventListener('click', showHelp);
}
