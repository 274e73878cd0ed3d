// The LAB strip: the world's clock and pace, faults at work, the list of keys.
import { send } from './api.js';
import { byId, el, fill } from './dom.js';
import { showDialog } from './confirm.js';
import { icon } from './icons.js';
import { loadWorld } from './load.js';
import { speak } from './speak.js';
import { state, watch } from './state.js';
import { worldClock } from './times.js';

const paces = [1, 5, 20, 60, 300, 1000];

const keys = [
  ['F2', 'Shift F2', 'next person, the one before'],
  ['F6', 'Shift F6', 'next region, the one before'],
  ['F8', '', 'Estate or Faults'],
  ['↑', '↓', 'in the messages: message by message'],
  ['Home', 'End', 'first message, last message'],
  ['Enter', '', 'into the controls of a message'],
  ['T', '', 'the thread of a message'],
  ['Enter', 'Shift Enter', 'in the composer: send, new line'],
  ['↑', '', 'in an empty composer: what you sent before'],
  ['Esc', '', 'close dialog, thread or list, then to the composer'],
];

/** Starts the strip. */
export function startStrip() {
  const pace = byId('pace');
  byId('pace-box').append(icon('down', 12));
  pace.addEventListener('change', async () => {
    try {
      await send('/lab/world', { pace: Number(pace.value) });
    } catch (error) {
      speak(error.message);
    }
    loadWorld().catch(() => {});
  });
  byId('keys').addEventListener('click', showKeys);
  watch(() => {
    const { now, pace: current } = state.world;
    const date = new Date(now);
    byId('clock').textContent = worldClock(date);
    byId('clock').dateTime = date.toISOString();
    if (document.activeElement !== pace || Number(pace.value) !== current) drawPace(pace, current);
  }, 'world');
  watch(() => {
    const n = atWork(state.faults);
    byId('strip-faults').textContent = n ? `${n} ${n === 1 ? 'fault' : 'faults'} active` : '';
  }, 'faults');
}

/** How many faults have not struck as often as they were to. */
export const atWork = (faults) => (faults?.active ?? []).filter((f) => !f.used_up).length;

function drawPace(select, current) {
  const all = [...new Set([...paces, current])].sort((a, b) => a - b);
  fill(select, all.map((n) => el('option', { value: n, selected: n === current }, `${n}×`)));
}

/** Shows the list of keys. */
export function showKeys() {
  const close = el('button', { type: 'button', class: 'button primary', onclick: () => dialog.close() }, 'Close');
  const dialog = el('dialog', { role: 'dialog', 'aria-label': 'Keys' }, el('h2', {}, 'Keys'),
    el('dl', { class: 'keys' }, keys.map(([a, b, what]) => [
      el('dt', {}, el('kbd', {}, a), b && [' ', el('kbd', {}, b)]), el('dd', {}, what)])),
    el('div', { class: 'choices' }, close));
  showDialog(dialog, close);
}
