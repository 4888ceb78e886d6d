// After a form was refused, the reader begins at the reason.
document.querySelector<HTMLElement>('[data-focus]')?.focus();
