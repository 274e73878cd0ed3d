// The keyboard: regions, people, panels, and the message list. No key of one letter
// works outside the message list.
import { switchBy } from './composer.js';
import { byId } from './dom.js';
import { dialogOpen } from './forms.js';
import { openThread } from './load.js';
import { showSide } from './side.js';
import { state } from './state.js';
import { showKeys } from './strip.js';
import { closeThread } from './thread.js';

/** Starts listening. */
export function startKeyboard() {
  document.addEventListener('keydown', (event) => {
    if (dialogOpen() || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = everywhere[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
  byId('messages').addEventListener('keydown', inMessages);
  // The list has one place in the tab order: the message that had the focus last.
  byId('messages').addEventListener('focusin', (event) => {
    const message = event.target.closest('.message');
    if (!message) return;
    for (const other of byId('list').querySelectorAll('.message[tabindex="0"]')) other.tabIndex = -1;
    message.tabIndex = 0;
  });
}

const everywhere = {
  F2: (event) => switchBy(event.shiftKey ? -1 : 1),
  F6: (event) => nextRegion(event.shiftKey ? -1 : 1),
  F8: () => showSide(state.side === 'estate' ? 'faults' : 'estate'),
  Escape: () => {
    if (state.thread) closeThread();
    else byId('composer').querySelector('textarea').focus();
  },
};

const visible = (node) => !node.hidden && node.offsetParent !== null;

function nextRegion(step) {
  const regions = [...document.querySelectorAll('[data-region]')].filter((r) => visible(r) && enter(r));
  const at = regions.findIndex((r) => r.contains(document.activeElement));
  const next = regions[(at + step + regions.length) % regions.length];
  enter(next)?.focus();
}

// enter is what takes the focus in a region.
function enter(region) {
  if (region.id === 'messages') return region.querySelector('.message[tabindex="0"]') ?? region.querySelector('li:last-child .message');
  if (region.id === 'composer') return region.querySelector('textarea');
  return [...region.querySelectorAll('button, a[href], select, input, summary, textarea')].find((n) => !n.disabled && visible(n));
}

function inMessages(event) {
  const message = event.target.closest('.message');
  if (!message || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...byId('list').querySelectorAll('.message')];
  const at = all.indexOf(message);
  const onMessage = event.target === message || event.target.classList.contains('b-header');
  const go = {
    ArrowUp: () => all[Math.max(0, at - 1)],
    ArrowDown: () => all[Math.min(all.length - 1, at + 1)],
    Home: () => all[0],
    End: () => all.at(-1),
  }[event.key];
  if (go) {
    event.preventDefault();
    go().focus();
  } else if (event.key === 'Enter' && onMessage) {
    event.preventDefault();
    message.querySelector('.body button, .body a, .body summary')?.focus();
  } else if (event.key.toLowerCase() === 't' && !event.target.matches('input, textarea, select')) {
    event.preventDefault();
    openThread(threadOf(message.dataset.ts));
  } else if (event.key === '?') {
    event.preventDefault();
    showKeys();
  }
}

function threadOf(ts) {
  const m = state.messages.find((x) => x.ts === ts);
  return m?.ephemeral ? '' : m?.thread_ts ?? ts ?? '';
}
