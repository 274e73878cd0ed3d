// Dialogs over the page: the one frame they share, and Slack's confirm dialog.
import { el } from './dom.js';
import { textObject } from './text.js';
import { me } from './state.js';

/**
 * Shows a dialog and resolves when it closes, with its return value. A native dialog
 * keeps the focus inside, closes on Esc (value "") and gives the focus back.
 */
export function showDialog(dialog, focus) {
  document.body.append(dialog);
  dialog.showModal();
  focus?.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** The line that says who is about to act. */
export const youAre = () => el('p', { class: 'who' }, 'You are ', el('b', {}, me().name), `, ${me().role}.`);

let serial = 0;

/** Shows the confirm dialog of a button; resolves to whether it was confirmed. */
export async function confirm(c) {
  const id = `confirm-${serial++}`;
  const danger = c.style === 'danger';
  const close = (value) => () => dialog.close(value);
  const deny = el('button', { type: 'button', class: 'button', onclick: close('') }, textObject(c.deny) || 'Cancel');
  const yes = el('button', { type: 'button', class: `button ${danger ? 'danger' : 'primary'}`, onclick: close('yes') }, textObject(c.confirm));
  const dialog = el('dialog', { role: 'alertdialog', 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-text` },
    el('h2', { id: `${id}-title` }, textObject(c.title)),
    el('p', { id: `${id}-text`, class: 'b-text' }, textObject(c.text)),
    youAre(),
    el('div', { class: 'choices' }, deny, yes));
  return await showDialog(dialog, danger ? deny : yes) === 'yes';
}
