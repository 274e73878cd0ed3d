// The composer: who you are, what you say, and the coach line above.
import { send } from './api.js';
import { slackSays } from './channel.js';
import { el, fill } from './dom.js';
import { dialogOpen } from './forms.js';
import { icon } from './icons.js';
import { become, loadChannel } from './load.js';
import { avatar } from './message.js';
import { speak } from './speak.js';
import { me, state, watch } from './state.js';

// What each person has typed and not sent, and has sent; for the channel and threads.
const drafts = new Map();
const said = new Map();

/** A composer drawn into foot. thread() names the thread it replies to, "" for none. */
export function startComposer(foot, { thread = () => '', label }) {
  const area = el('textarea', { rows: 1, spellcheck: false, autocomplete: 'off', oninput: typed, onkeydown: keyed });
  const button = el('button', { type: 'button', class: 'send', 'aria-label': 'Send', onclick: submit }, icon('send', 16));
  const refused = el('p', { class: 'say-refused', role: 'alert', hidden: true });
  const hint = el('div', { class: 'hint', hidden: true });
  const say = el('div', { class: 'say' }, area, button);
  const switcher = thread() === '' && label === undefined ? switcherOf() : null;
  foot.append(el('div', { class: 'write' }, hint, switcher, say, refused));
  let place = '';
  let recalled = -1;

  const key = () => `${state.as}/${thread()}`;
  watch(() => {
    if (key() !== place) {
      place = key();
      area.value = drafts.get(place) ?? '';
      refused.hidden = true;
      recalled = -1;
      typed();
    }
    const words = label?.() ?? `Message #${state.channel.name ?? ''} as ${me().name}, or type ${state.bot.command ?? '/itms'}`;
    area.placeholder = words;
    area.setAttribute('aria-label', words);
  }, 'as', 'people', 'bot', 'channel', 'thread');

  function typed() {
    drafts.set(key(), area.value);
    say.classList.toggle('ready', area.value.trim() !== '');
    area.style.height = 'auto';
    if (area.scrollHeight > 48) area.style.height = `${area.scrollHeight}px`;
    else area.style.removeProperty('height');
    showHint();
  }

  // Slack shows the command and its usage hint, and no more.
  function showHint() {
    const command = state.bot.command ?? '';
    const word = area.value.split(' ')[0];
    hint.hidden = !(command && word.startsWith('/') && command.startsWith(word) && !area.value.includes('\n') && area.value.length <= command.length + 1);
    if (!hint.hidden) fill(hint, el('b', {}, command), ' ', el('span', {}, state.bot.hint ?? ''));
  }

  function keyed(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === 'ArrowUp' && (area.value.trim() === '' || recalled >= 0)) {
      recall(event, recalled + 1);
    } else if (event.key === 'ArrowDown' && recalled >= 0) {
      recall(event, recalled - 1);
    } else if (event.key.length === 1) {
      recalled = -1;
    }
  }

  function recall(event, n) {
    const lines = said.get(key()) ?? [];
    if (n >= lines.length) return;
    event.preventDefault();
    recalled = n;
    area.value = n < 0 ? '' : lines[n];
    typed();
    area.setSelectionRange(area.value.length, area.value.length);
  }

  async function submit() {
    const text = area.value.trim();
    if (!text) return;
    const from = key();
    const as = state.as;
    area.value = '';
    recalled = -1;
    refused.hidden = true;
    typed();
    area.focus();
    said.set(from, [text, ...(said.get(from) ?? []).filter((t) => t !== text)].slice(0, 50));
    try {
      await send('/lab/say', { as, text, ...(thread() && { thread: thread() }) });
      await loadChannel();
    } catch (error) {
      if (error.status === 504) notAnswered(text, error);
      else giveBack(from, text, error.message);
    }
  }

  // Nothing that somebody typed is lost because the lab refused it.
  function giveBack(from, text, words) {
    if (!drafts.get(from)?.trim()) drafts.set(from, text);
    if (key() !== from) return;
    area.value = drafts.get(from);
    typed();
    refused.textContent = words;
    refused.hidden = false;
  }
}

function notAnswered(text, error) {
  const code = error.code || 'operation_timeout';
  const end = code === 'operation_timeout'
    ? ' The bot did not answer in three seconds. It may still have heard you: look before you type it again.'
    : '';
  slackSays(el('code', {}, text.split(' ').slice(0, 2).join(' ')), ` failed with the error “${code}”.`, end);
}

function switcherOf() {
  const box = el('fieldset', { class: 'you', role: 'radiogroup', 'aria-label': 'You are' });
  watch(() => {
    const focused = box.contains(document.activeElement);
    fill(box, el('span', { class: 'you-label', 'aria-hidden': 'true' }, 'You are'),
      state.people.map((p) => el('label', { class: 'you-person' },
        el('input', { type: 'radio', name: 'you', value: p.key, checked: p.key === state.as, 'aria-label': `${p.name}, ${p.role}`, onchange: () => switchTo(p.key) }),
        avatar(p), el('b', {}, p.name), el('span', { class: 'role' }, p.role), el('span', { class: 'tick' }, icon('tick', 14)))),
      el('span', { class: 'you-next', 'aria-hidden': 'true' }, 'F2 next'));
    if (focused) box.querySelector('input:checked')?.focus();
  }, 'people', 'as');
  return box;
}

/** Makes this window another person, unless a dialog is open. */
export async function switchTo(key) {
  if (dialogOpen()) return;
  await become(key);
  speak(`You are ${me().name}, ${me().role}`);
}

/** Makes this window the person step places further. */
export function switchBy(step) {
  const i = state.people.findIndex((p) => p.key === state.as);
  const n = state.people.length;
  if (n) switchTo(state.people[(i + step + n) % n].key);
}
