// The Faults panel: what is broken, what can be broken, and conditions of the world.
// Nothing is listed that the lab does not offer.
import { send } from './api.js';
import { startConditions } from './conditions.js';
import { el, fill } from './dom.js';
import { loadFaults } from './load.js';
import { state, watch } from './state.js';

/** Starts the panel. */
export function startFaults(panel) {
  const active = el('div', {});
  const maker = el('div', {});
  const kinds = el('div', {});
  const conditions = el('div', {});
  fill(panel, el('p', { class: 'note' }, el('b', {}, 'Break something on purpose.'), ' The card has to tell the truth each time. Faults reach the lab only.'),
    active, maker, kinds, conditions);
  let groups = '';
  watch(() => {
    if (!state.faults) return;
    drawActive(active, state.faults.active ?? []);
    const now = JSON.stringify(state.faults.groups);
    if (now === groups) return;
    groups = now;
    drawMaker(maker, state.faults.groups);
    drawKinds(kinds, state.faults.groups);
  }, 'faults');
  startConditions(conditions);
}

function drawActive(node, active) {
  const used = active.filter((f) => f.used_up).length;
  const words = active.length ? `${active.length} ${active.length === 1 ? 'fault' : 'faults'}${used ? `, ${used === active.length ? '' : `${used} `}used up` : ''}` : 'none';
  fill(node, el('div', { class: 'side-head' }, el('h2', {}, 'Active'), el('span', { class: 'plain-word' }, words)),
    active.length === 0 && el('p', { class: 'quiet' }, 'Nothing is broken. Pick something below.'),
    active.map(card),
    active.length > 0 && el('p', { class: 'quiet' }, el('button', { type: 'button', class: 'link', onclick: () => act({ clear: true }) }, 'Clear all')));
}

function card(f) {
  const times = f.lasts ? 'Lasts until it is cleared.' : f.count ? `Struck ${f.struck} of ${f.count} times.` : 'Strikes until it is cleared.';
  return el('div', { class: f.used_up ? 'fault used' : 'fault' }, el('b', {}, `${f.group}: ${f.name}`), ' ', el('span', { class: 'plain-word' }, f.target),
    el('p', {}, times, f.waiting ? ` ${f.waiting} calls pass first.` : ''));
}

async function act(body, refused) {
  try {
    await send('/lab/faults', body);
    if (refused) refused.textContent = '';
    await loadFaults();
  } catch (error) {
    if (refused) refused.textContent = error.message;
  }
}

function drawMaker(node, groups) {
  const all = groups.flatMap((g) => g.kinds.map((k) => ({ ...k, group: g })));
  const kind = el('select', { onchange: chosen }, all.map((k) => el('option', { value: k.kind }, `${k.group.title}: ${k.name}`)));
  const target = el('select', {});
  const about = el('p', { class: 'about' });
  const count = el('input', { type: 'number', min: 0, max: 1000, value: 1 });
  const after = el('input', { type: 'number', min: 0, max: 1000, value: 0 });
  const refused = el('p', { class: 'refused', role: 'alert' });
  const label = (words, control) => el('label', { class: 'field' }, el('span', {}, words), control);
  // What lasts begins at once and is not counted.
  const numbers = el('div', { class: 'two' }, label('How many times', count), label('After how many calls', after));
  const pick = () => all.find((x) => x.kind === kind.value);
  function chosen() {
    const k = pick();
    about.textContent = k?.about ?? '';
    fill(target, (k?.targets ?? k?.group.targets ?? []).map((t) => el('option', { value: t.target }, t.name)));
    numbers.hidden = Boolean(k?.lasts);
  }
  chosen();
  fill(node, el('div', { class: 'side-head' }, el('h2', {}, 'New fault')), el('form', { class: 'box', onsubmit },
    label('What breaks', kind), about, label('Where', target), numbers,
    refused, el('button', { type: 'submit', class: 'button small' }, 'Break it')));
  function onsubmit(event) {
    event.preventDefault();
    const times = pick()?.lasts ? {} : { count: Number(count.value), after: Number(after.value) };
    act({ kind: kind.value, target: target.value, ...times }, refused);
  }
}

function drawKinds(node, groups) {
  fill(node, el('div', { class: 'side-head' }, el('h2', {}, 'What can break')),
    el('dl', { class: 'kinds' }, groups.map((g) => el('div', {}, el('dt', {}, g.title), el('dd', {}, g.kinds.map((k) => k.name).join(', '))))));
}
