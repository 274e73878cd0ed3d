// The coach line: one sentence of the lab about what to try next. It never repeats
// what a card says, and × closes it for good in this browser.
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { stateOf } from './message.js';
import { me, state, watch } from './state.js';

const closed = 'coach-closed';

/** Starts the coach line, unless it was closed here before. */
export function startCoach() {
  if (read(closed)) return;
  const line = el('div', { class: 'coach', role: 'note', hidden: true });
  byId('notes').append(line);
  watch(() => {
    const words = read(closed) ? null : advice();
    line.hidden = !words;
    if (words) fill(line, el('b', {}, 'Lab'), el('span', {}, words), el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close the lab’s hints for good', onclick: close }, icon('close', 12)));
  }, 'messages', 'as', 'people', 'bot');
  function close() {
    try {
      localStorage.setItem(closed, 'yes');
    } catch {
      // Without storage it comes back with the page.
    }
    line.remove();
  }
}

function advice() {
  const command = state.bot.command;
  if (!command || state.bot.connected === false) return null;
  const cards = state.messages.filter((m) => m.bot_id && stateOf(m));
  const card = cards.at(-1);
  const last = card ? stateOf(card) : '';
  if (!card) return state.as === 'operator' ? ['Type ', el('b', {}, `${command} quiesce`), ' and press Enter. It only makes a plan; nothing is touched before somebody approves it.'] : `${become(asker())}, who may ask for things.`;
  if (/approval/.test(last)) return toApprove();
  if (/running|starts/.test(last)) return 'Look at the Estate panel: the doors close there while the card tells. A higher pace at the top makes the clock run.';
  if (/person|failed|interrupted/.test(last)) return 'Open the replies below the card for what was found, then decide with its buttons.';
  if (/done|rolled back/.test(last)) return 'Now break something on the Faults panel, ask again, and see what the card says.';
  return null;
}

// become says how to become somebody: not every window has a keyboard.
const become = (name) => (matchMedia('(max-width: 959px)').matches ? `Become ${name} below` : `Press F2 until you are ${name}`);

function toApprove() {
  const mayApprove = state.as === 'approver' || state.as === 'approver2';
  if (mayApprove) return ['Read the plan, then press ', el('b', {}, 'Approve'), '. You are ', me().name, ', and the bot records it by name.'];
  const approver = state.people.find((p) => p.key === 'approver')?.name ?? 'an approver';
  return ['Somebody else has to agree. ', become(approver), ', then press ', el('b', {}, 'Approve'), '.'];
}

const asker = () => state.people.find((p) => p.key === 'operator')?.name ?? 'the operator';

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
