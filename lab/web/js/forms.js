// Forms that the bot opens: the topmost view of the person that this window is.
import { send } from './api.js';
import { drawBlocks } from './blocks.js';
import { youAre } from './confirm.js';
import { el, fill } from './dom.js';
import { readInputs, showErrors } from './inputs.js';
import { state } from './state.js';
import { plainText } from './text.js';

let shown = null; // {dialog, view, as}

/** Brings the form on the screen in line with state.views. */
export function drawForms() {
  const view = state.views.at(-1);
  if (!view) return closeShown();
  if (shown && shown.as === state.as && shown.view.id === view.id) {
    if (shown.view.hash !== view.hash) fillForm(view);
    return undefined;
  }
  closeShown();
  const dialog = el('dialog', { role: 'dialog', class: 'wide', 'aria-labelledby': 'form-title' });
  shown = { dialog, view, as: state.as };
  // Esc closes a form at the lab, and the lab's answer closes it here.
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    closeView();
  });
  document.body.append(dialog);
  fillForm(view);
  dialog.showModal();
  dialog.querySelector('input, textarea, select')?.focus();
  return undefined;
}

function closeShown() {
  shown?.dialog.close();
  shown?.dialog.remove();
  shown = null;
}

// fillForm draws the view; what was typed into fields that are still there stays.
function fillForm(view) {
  const { dialog } = shown;
  const values = dialog.querySelector('form') ? readInputs(dialog, shown.view.blocks ?? []) : view.state?.values;
  shown.view = view;
  const error = el('p', { class: 'b-refused', role: 'alert', id: 'form-refused' });
  const place = { view, values, press: (e, block) => send('/lab/press', { as: state.as, view: view.id, action: `${block.block_id}/${e.action_id}` }), refused: (_, r) => { error.textContent = r.message; } };
  const cancel = el('button', { type: 'button', class: 'button', onclick: closeView }, plainText(view.close) || 'Cancel');
  const dangerous = /^Approve|^Roll back|^Start/.test(view.submit?.text ?? '') && (view.blocks ?? []).some((b) => b.type === 'alert');
  const submit = view.submit && el('button', { type: 'submit', class: `button ${dangerous ? 'danger' : 'primary'}` }, plainText(view.submit));
  fill(dialog,
    el('h2', { id: 'form-title' }, plainText(view.title)),
    el('form', { noValidate: true, onsubmit: submitView },
      el('div', { class: 'body' }, drawBlocks(view.blocks, place)), error, youAre(),
      el('div', { class: 'choices' }, cancel, submit)));
}

async function submitView(event) {
  event.preventDefault();
  const { dialog, view } = shown;
  const button = dialog.querySelector('[type=submit]');
  const refused = dialog.querySelector('#form-refused');
  refused.textContent = '';
  showErrors(dialog, {});
  button.disabled = true;
  try {
    await send('/lab/submit', { as: state.as, view: view.id, values: readInputs(dialog, view.blocks) });
  } catch (error) {
    showErrors(dialog, error.fields ?? {});
    if (!Object.keys(error.fields ?? {}).length) refused.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

function closeView() {
  const { dialog, view } = shown;
  send('/lab/submit', { as: state.as, view: view.id, close: true }).catch((error) => {
    const refused = dialog.querySelector('#form-refused');
    if (refused) refused.textContent = error.message;
    if (error.status === 0) closeShown();
  });
}

/** Reports whether a dialog is open; people are not switched behind one. */
export const dialogOpen = () => document.querySelector('dialog[open]') !== null;
