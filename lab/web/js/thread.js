// The thread panel. It takes the place of the side panel until it is closed; on very
// wide windows it is a column of its own.
import { startComposer } from './composer.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { holdPlace, reconcile } from './list.js';
import { openThread } from './load.js';
import { drawMessage, titleOf } from './message.js';
import { me, state, watch } from './state.js';

const panel = byId('thread');
let opener = null; // where the focus was before

/** Starts drawing the open thread. */
export function startThread() {
  const about = el('span', {});
  const count = el('p', { class: 'thread-count' });
  const list = el('ol', { class: 'list' });
  const scroller = el('div', { class: 'thread-list' }, count, list);
  const foot = el('div', { class: 'thread-foot' });
  panel.append(
    el('header', { class: 'thread-head' }, el('h2', {}, 'Thread'), about,
      el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close the thread', onclick: () => closeThread() }, icon('close', 14))),
    scroller, foot);
  startComposer(foot, { thread: () => state.thread, label: () => `Reply as ${me().name}` });
  watch(() => {
    const opened = state.thread && panel.hidden;
    if (opened) opener = document.activeElement;
    panel.hidden = !state.thread;
    document.body.toggleAttribute('data-thread', Boolean(state.thread));
    if (opened) panel.querySelector('textarea').focus();
  }, 'thread');
  watch(() => {
    const parent = state.messages.find((m) => m.ts === state.thread);
    const replies = state.replies.filter((m) => m.ts !== state.thread && !(m.ephemeral && state.dismissed.has(m.ts)));
    about.textContent = parent ? titleOf(parent) : '';
    fill(count, replies.length === 1 ? '1 reply' : `${replies.length || 'No'} replies`);
    holdPlace(scroller, list, () => reconcile(list, replies.map((m) => ({
      key: m.ts, same: JSON.stringify(m) + state.as, draw: () => drawMessage(m, { inThread: true }),
    }))));
  }, 'replies', 'thread', 'messages', 'dismissed', 'as');
}

/** Closes the thread and gives the focus back. */
export function closeThread() {
  openThread('');
  opener?.focus?.();
}
