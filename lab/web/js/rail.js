// The rail and the channel's header. Below 1100 px the rail's entries are a menu in
// the header.
import { look } from './api.js';
import { showDialog } from './confirm.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './message.js';
import { state, watch } from './state.js';
import { nextTheme, themeName } from './theme.js';

/** Starts rail and header. */
export function startRail() {
  watch(() => {
    document.title = `LAB · #${state.channel.name}`;
    fill(byId('rail'),
      el('p', { class: 'rail-name' }, avatar({ key: 'bot' }, 18), 'Practice'),
      el('p', { class: 'rail-label' }, 'Channels'),
      el('a', { class: 'rail-item', href: '#composer', 'aria-current': 'page' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, '#'), state.channel.name),
      el('span', { class: 'rail-gap' }),
      entries());
    fill(byId('head'),
      el('h1', {}, `# ${state.channel.name ?? ''}`),
      el('p', { class: 'head-topic', title: state.channel.topic }, state.channel.topic),
      el('div', { class: 'head-people', role: 'img', 'aria-label': `Members: ${state.people.map((p) => p.name).join(', ')}` }, state.people.map((p) => avatar(p))),
      menu());
  }, 'channel', 'people');
}

const entries = () => [
  entry('⇄', 'Connect tools', showConnect),
  entry('◐', `Theme: ${themeName()}`, (event) => {
    nextTheme();
    event.currentTarget.lastChild.textContent = `Theme: ${themeName()}`;
  }),
];

function entry(sign, words, onclick) {
  return el('button', { type: 'button', class: 'rail-item quiet', onclick }, el('span', { class: 'sign', 'aria-hidden': 'true' }, sign), el('span', {}, words));
}

function menu() {
  return el('details', { class: 'head-menu' }, el('summary', { 'aria-label': 'More' }, icon('menu', 16)), el('div', {}, entries()));
}

// showConnect shows what other tools need to reach the lab's servers, as /lab says it.
async function showConnect() {
  const body = el('div', {}, 'Reading…');
  const close = el('button', { type: 'button', class: 'button primary', onclick: () => dialog.close() }, 'Close');
  const dialog = el('dialog', { role: 'dialog', class: 'wide', 'aria-label': 'Connect tools' }, el('h2', {}, 'Connect tools'),
    el('p', { class: 'b-text' }, 'The lab’s servers speak the real protocols on this machine alone. Other tools may use them too. The same as JSON: ', el('a', { href: '/lab', target: '_blank', rel: 'noopener' }, '/lab'), '.'),
    el('div', { class: 'body' }, body), el('div', { class: 'choices' }, close));
  showDialog(dialog, close);
  try {
    fill(body, describe(await look('/lab')));
  } catch (error) {
    fill(body, error.message);
  }
}

function describe(value) {
  if (value === null || typeof value !== 'object') return el('code', {}, String(value));
  const entriesOf = Object.entries(value);
  if (!entriesOf.length) return '–';
  return el('dl', { class: 'connect' }, entriesOf.map(([name, v]) => [
    el('dt', {}, Array.isArray(value) ? String(v?.name ?? Number(name) + 1) : name.replaceAll('_', ' ')), el('dd', {}, describe(v))]));
}
