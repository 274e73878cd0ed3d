// One message: who, when, its blocks, its files, its replies.
import { send } from './api.js';
import { drawBlocks } from './blocks.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { change, me, state, who } from './state.js';
import { hourMinute, hourMinuteSecond, messageTime, ofTS } from './times.js';
import { openThread } from './load.js';

// Which plans a reader folded or opened, over all redraws.
const folded = new Map();

/** Somebody's square: a letter on their colour, the ladder for the bot. */
export function avatar(person, size = 20) {
  return el('span', { class: 'avatar', 'data-who': person.key, 'aria-hidden': 'true' },
    person.key === 'bot' ? icon('bot', size) : (person.name[0] ?? '?').toUpperCase());
}

/** Who wrote a message. */
export const authorOf = (m) => (m.bot_id ? { key: 'bot', name: m.username || state.bot.name } : who(m.user));

/** The header of a card, "" if it has none. */
export const headerOf = (m) => m.blocks?.find((b) => b.type === 'header')?.text?.text ?? '';

/** The state a card's header ends with, such as "running". */
export const stateOf = (m) => /: ([^:]+)$/.exec(headerOf(m))?.[1] ?? '';

/** The request a card is about, as its metadata names it ("card:R-12") or its text. */
export function requestOf(m) {
  const named = `${m.metadata?.event_payload?.purpose ?? ''} ${m.text ?? ''}`;
  return /\b[A-Z]-\d+\b/.exec(named)?.[0] ?? '';
}

/** Draws a message. inThread leaves out the line about its replies. */
export function drawMessage(m, { inThread = false } = {}) {
  const author = authorOf(m);
  const id = `m-${inThread ? 't-' : ''}${m.ts.replace('.', '-')}`;
  return el('article', { class: m.ephemeral ? 'message only-you' : 'message', tabIndex: -1, 'aria-labelledby': id, 'data-ts': m.ts },
    avatar(author),
    el('div', { class: 'author', id }, authorLine(m, author)),
    el('div', { class: 'body' },
      !inThread && m.subtype === 'thread_broadcast' && broadcast(m),
      content(m),
      (m.files ?? []).map(file),
      (m.reactions ?? []).map((r) => el('span', { class: 'reaction' }, `:${r.name}: ${r.count}`)),
      !inThread && m.reply_count > 0 && replies(m)));
}

function authorLine(m, author) {
  const updated = m.updated_at && `updated ${hourMinuteSecond(new Date(m.updated_at))}`;
  return [
    el('b', {}, author.name),
    author.key === 'bot' && el('span', { class: 'app' }, 'APP'),
    el('time', { dateTime: ofTS(m.ts).toISOString() }, messageTime(ofTS(m.ts), new Date(state.now))),
    updated && el('span', {}, updated),
    m.ephemeral && el('span', { class: 'only' }, icon('eye', 14), `Only ${me().name} can see this`),
    m.ephemeral && el('button', { type: 'button', class: 'link dismiss', onclick: () => dismiss(m.ts) }, 'Dismiss'),
  ];
}

// broadcast says which thread a reply that everybody shall see belongs to.
function broadcast(m) {
  const parent = state.messages.find((x) => x.ts === m.thread_ts);
  return el('p', { class: 'broadcast' }, 'Reply to ',
    el('button', { type: 'button', class: 'link', 'data-action': 'replies', onclick: () => openThread(m.thread_ts) }, (parent && titleOf(parent)) || 'a thread'));
}

/** What a thread is about, in a few words. */
export function titleOf(parent) {
  const header = headerOf(parent).replace(/\s*\(.*$|:[^:]*$/, '');
  return `${requestOf(parent)} ${header || (parent.text ?? '').slice(0, 60)}`.trim();
}

function content(m) {
  if (!m.blocks?.length) return m.text ? el('div', { class: 'plain' }, mrkdwn(m.text, {})) : null;
  return drawBlocks(m.blocks, { message: m, folded, press: (e) => press(m, e), refused: (node, error) => refused(m.ts, node, wordsFor(error)) });
}

// press sends the click for the button as the card has it now. While a confirm dialog
// was open the card may have been redrawn; a button that stands for something else by
// now is not pressed in its place.
function press(m, e) {
  const current = [...state.messages, ...state.replies].find((x) => x.ts === m.ts);
  for (const block of current?.blocks ?? []) {
    const elements = [...(block.elements ?? []), block.accessory].filter(Boolean);
    if (elements.some((x) => x.type === 'button' && x.action_id === e.action_id && x.value === e.value)) {
      return send('/lab/press', { as: state.as, message: m.ts, action: `${block.block_id}/${e.action_id}` });
    }
  }
  return Promise.reject(new Error('The card has changed since you opened this. Nothing was sent; read it again.'));
}

const wordsFor = (error) => (error.status === 504
  ? `Slack: the bot did not answer the click (“${error.code || 'operation_timeout'}”). It may still have heard you: look before you press again.`
  : error.message);

function refused(ts, node, words) {
  // The card may have been drawn again since the click.
  const body = node.isConnected ? node.closest('.body') : document.querySelector(`.message[data-ts="${ts}"] .body`);
  body?.querySelectorAll('.b-refused').forEach((old) => old.remove());
  const row = node.isConnected ? node.closest('.b-actions, .b-section') : body?.lastElementChild;
  row?.after(el('p', { class: 'b-refused', role: 'alert' }, words));
}

function dismiss(ts) {
  change({ dismissed: new Set([...state.dismissed, ts]) });
}

function replies(m) {
  const people = (m.reply_users ?? []).map(who).slice(0, 5);
  const words = m.reply_count === 1 ? '1 reply' : `${m.reply_count} replies`;
  return el('button', { type: 'button', class: 'replies', 'data-action': 'replies', onclick: () => openThread(m.ts) },
    people.map((p) => avatar(p, 14)), el('span', {}, words), m.latest_reply && `last ${hourMinute(ofTS(m.latest_reply))}`);
}

function file(f) {
  const size = f.size < 1000 ? `${f.size} bytes` : `${Math.round(f.size / 1000)} kB`;
  const inside = [icon('file', 20), el('span', {}, el('b', {}, f.title || f.name), el('small', {}, `${f.name}, ${size}`))];
  const href = `/lab/file/${encodeURIComponent(f.id)}`;
  if (/^image\/(png|jpeg)$/.test(f.mimetype ?? '')) return el('figure', { class: 'b-image' }, el('img', { src: href, alt: f.alt_txt || f.title || f.name }));
  return el('a', { class: 'file', href, target: '_blank', rel: 'noopener' }, inside);
}
