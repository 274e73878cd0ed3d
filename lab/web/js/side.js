// The side panel with its two tabs, and below 960 px the tab bar.
import { byId, el, fill } from './dom.js';
import { startEstate } from './estate.js';
import { startFaults } from './faults.js';
import { icon } from './icons.js';
import { openThread } from './load.js';
import { change, state, watch } from './state.js';
import { atWork } from './strip.js';

const names = { estate: 'Estate', faults: 'Faults' };

/** Starts the side panel. */
export function startSide() {
  const tabs = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Lab', onkeydown: arrows });
  const panels = Object.keys(names).map((name) => el('div', { class: 'panel', id: `panel-${name}`, role: 'tabpanel', 'aria-labelledby': `tab-${name}` }));
  fill(byId('side'), tabs, panels);
  startEstate(panels[0]);
  startFaults(panels[1]);
  watch(() => {
    const focused = tabs.contains(document.activeElement);
    fill(tabs, Object.keys(names).map((name) => tab(name)));
    panels.forEach((p) => { p.hidden = p.id !== `panel-${state.side}`; });
    if (focused) byId(`tab-${state.side}`).focus();
  }, 'side', 'faults', 'channel');
  watch(drawTabBar, 'tab', 'faults', 'channel');
}

function tab(name) {
  const chosen = state.side === name;
  const n = atWork(state.faults);
  return el('button', { type: 'button', class: 'tab', id: `tab-${name}`, role: 'tab', 'aria-selected': String(chosen), 'aria-controls': `panel-${name}`, tabIndex: chosen ? 0 : -1, onclick: () => showSide(name) },
    names[name], name === 'faults' && el('small', { class: n ? 'count' : '' }, n ? String(n) : 'none'));
}

function arrows(event) {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
  event.preventDefault();
  showSide(state.side === 'estate' ? 'faults' : 'estate');
}

/** Shows a tab of the side panel, wherever it is on a window of this width. */
export function showSide(name) {
  if (state.thread && innerWidth < 1680) openThread('');
  document.body.dataset.tab = name;
  change({ side: name, tab: name });
}

function drawTabBar() {
  const bar = byId('tabbar');
  document.body.dataset.tab = state.tab;
  const n = atWork(state.faults);
  fill(bar,
    tabButton('channel', 'bubble', 'Channel'),
    tabButton('estate', 'servers', 'Estate'),
    tabButton('faults', 'bolt', n ? `Faults (${n})` : 'Faults'));
}

function tabButton(name, mark, words) {
  const go = () => {
    if (name !== 'channel') change({ side: name });
    change({ tab: name });
  };
  return el('button', { type: 'button', 'aria-current': state.tab === name ? 'page' : null, onclick: go }, icon(mark, 18), words);
}
