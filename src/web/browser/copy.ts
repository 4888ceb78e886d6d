// Buttons that copy: shown only where they can work, which is not on plain HTTP away from localhost.
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
  button.hidden = navigator.clipboard === undefined;
}

document.addEventListener('click', async (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>('[data-copy]');
  if (button === null) return;
  await navigator.clipboard.writeText(button.dataset['copy'] ?? '');
  button.classList.add('done');
  button.setAttribute('aria-label', 'Copied');
  setTimeout(() => button.classList.remove('done'), 1500);
});
