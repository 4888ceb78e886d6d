// Loads a confirmation into a dialog over the page; the link itself leads to the same question as a page.
document.addEventListener('click', async (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-confirm]');
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const response = await fetch(link.href, { headers: { accept: 'text/html' } });
  const made = new DOMParser().parseFromString(await response.text(), 'text/html');
  const question = made.querySelector('.confirm');
  if (!response.ok || question === null) {
    location.assign(link.href);
    return;
  }
  const title = question.querySelector('h1');
  const heading = document.createElement('h2');
  heading.id = 'confirm-title';
  heading.textContent = title?.textContent ?? '';
  title?.replaceWith(heading);
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', heading.id);
  dialog.append(question);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (click) => {
    const keep = (click.target as Element).closest<HTMLAnchorElement>('.buttons a');
    if (keep === null || keep.pathname !== location.pathname) return;
    click.preventDefault();
    dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
});
