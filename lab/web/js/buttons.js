// Buttons of a card, with the confirm dialog that may stand before the press.
import { el } from './dom.js';
import { confirm } from './confirm.js';
import { plainText } from './text.js';

/** Draws a button element. place.press carries it out and may throw Refused. */
export function button(e, block, place) {
  const style = e.style === 'primary' || e.style === 'danger' ? ` ${e.style}` : '';
  const small = place.message && block.accessory === e ? ' small' : '';
  const node = el('button', {
    type: 'button', class: `button${style}${small}`, 'aria-label': e.accessibility_label, 'data-action': e.action_id,
  }, plainText(e.text));
  node.addEventListener('click', () => pressed(node, e, block, place));
  return node;
}

// A pressed button is marked, not disabled: a disabled one would lose the focus.
async function pressed(node, e, block, place) {
  if (node.getAttribute('aria-disabled')) return;
  if (e.confirm && !await confirm(e.confirm)) return;
  const words = [...node.childNodes];
  const restore = () => {
    node.replaceChildren(...words);
    node.removeAttribute('aria-disabled');
  };
  node.replaceChildren('Sent…');
  node.setAttribute('aria-disabled', 'true');
  // The card that comes back has other buttons, or this one again.
  const late = setTimeout(restore, 3000);
  try {
    await place.press(e, block);
    if (e.url) window.open(e.url, '_blank', 'noopener');
  } catch (refused) {
    clearTimeout(late);
    restore();
    place.refused(node, refused);
  }
}
