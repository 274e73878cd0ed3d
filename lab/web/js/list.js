// A list of messages kept in line with state: each is drawn again only when it
// changed, the reader's place holds, and focus is not lost with a button that went.
import { el } from './dom.js';

/**
 * A list drawn into ol. items are {key, same, draw}: what names the item, a string
 * that changes when it has to be drawn again, and the node for it. Returns the keys
 * that are new and those drawn again.
 */
export function reconcile(ol, items) {
  const old = new Map([...ol.children].map((li) => [li.dataset.key, li]));
  const fresh = [];
  const redrawn = [];
  let next = ol.firstChild;
  for (const item of items) {
    let li = old.get(item.key);
    if (!li) {
      li = el('li', { 'data-key': item.key }, item.draw());
      li.drawnAs = item.same;
      fresh.push(item.key);
    } else if (li.drawnAs !== item.same) {
      redraw(li, item);
      redrawn.push(item.key);
    }
    old.delete(item.key);
    if (li === next) next = next.nextSibling;
    else ol.insertBefore(li, next);
  }
  for (const li of old.values()) li.remove();
  return { fresh, redrawn };
}

// redraw replaces what an item holds. Focus goes to the same control of the new
// drawing, or to the card's header when that is gone.
function redraw(li, item) {
  const focus = li.contains(document.activeElement) ? document.activeElement : null;
  const action = focus?.dataset.action;
  li.replaceChildren(item.draw());
  li.drawnAs = item.same;
  if (!focus) return;
  const control = action && [...li.querySelectorAll('[data-action]')].find((n) => n.dataset.action === action);
  (control ?? li.querySelector('.b-header') ?? li.firstChild).focus({ preventScroll: true });
}

/**
 * Runs draw and keeps the reader's place in the scroller: at the end where they were
 * at the end, else by the first message in view. A last message taller than the list
 * is shown from its top, so that nobody starts reading in the middle of a card.
 */
export function holdPlace(scroller, ol, draw) {
  const atEnd = isAtEnd(scroller);
  const top = scroller.getBoundingClientRect().top;
  const held = [...ol.children].find((li) => li.getBoundingClientRect().bottom > top);
  const offset = held?.getBoundingClientRect().top;
  draw();
  if (atEnd || !held) return toEnd(scroller, ol);
  if (held.isConnected) scroller.scrollTop += held.getBoundingClientRect().top - offset;
  return undefined;
}

/** Reports whether the end of the list is in view. */
export const isAtEnd = (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;

/** Shows the end of the list. */
export function toEnd(scroller, ol) {
  const last = ol.lastElementChild;
  if (!last) return;
  if (last.offsetHeight > scroller.clientHeight) showTop(scroller, last);
  else scroller.scrollTop = scroller.scrollHeight;
}

/**
 * Keeps the end of the list in view when the scroller itself shrinks or grows: a
 * composer of more lines, a strip that comes or goes.
 */
export function keepEnd(scroller, ol) {
  let height = scroller.clientHeight;
  let atEnd = true;
  scroller.addEventListener('scroll', () => {
    // A scroll event on the way to a new height says nothing about the reader.
    if (scroller.clientHeight === height) atEnd = isAtEnd(scroller);
  }, { passive: true });
  new ResizeObserver(() => {
    height = scroller.clientHeight;
    if (atEnd) toEnd(scroller, ol);
  }).observe(scroller);
}

/** Shows an item from its top. */
export function showTop(scroller, li) {
  scroller.scrollTop += li.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 8;
}

/** Reports whether part of an item is in view. */
export function inView(scroller, li) {
  const a = scroller.getBoundingClientRect();
  const b = li.getBoundingClientRect();
  return b.bottom > a.top + 8 && b.top < a.bottom - 8;
}
