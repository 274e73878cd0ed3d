// Slack's mrkdwn: parse() turns it into plain data, drawMrkdwn() turns that into
// nodes. What is not markup stays text, to the letter.
//
// A node is a string or {kind, …}: bold, italic, strike (nodes); code, pre (text);
// quote (nodes); link (url, text); user, channel (id, text); broadcast (name);
// date (unix, format, url, text); emoji (name).
import { el } from './dom.js';
import { warning } from './icons.js';
import { state, who } from './state.js';
import { slackDate } from './times.js';

const emphasis = { '*': 'bold', _: 'italic', '~': 'strike' };
const letter = /[\p{L}\p{N}]/u;
// U+2060 after a marker is how the bot writes a marker that is none.
const blank = /[\s\u2060]/;

/** The three entities that Slack has. */
export const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>' }[name]));

/** Parses mrkdwn. With verbatim, addresses that nobody marked stay text. */
export function parse(text, { verbatim = false } = {}) {
  return text.split(/(```[\s\S]+?```)/).flatMap((part) => (
    /^```[\s\S]+```$/.test(part)
      ? [{ kind: 'pre', text: unescape(plainLabels(part.slice(3, -3).replace(/^\n/, ''))) }]
      : quotes(part, verbatim)));
}

// quotes splits lines that begin with ">" from those that do not; ">>>" quotes all
// that follows.
function quotes(text, verbatim) {
  const nodes = [];
  let run = [];
  let quoted = false;
  const flush = () => {
    if (!run.length) return;
    const inner = inline(run.join('\n'), verbatim);
    nodes.push(...(quoted ? [{ kind: 'quote', nodes: inner }] : inner));
    run = [];
  };
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const mark = /^(?:&gt;|>)(?:&gt;&gt;|>>)?\s?/.exec(lines[i]);
    if (Boolean(mark) !== quoted) {
      flush();
      quoted = Boolean(mark);
    }
    run.push(mark ? lines[i].slice(mark[0].length) : lines[i]);
    if (mark && /^(?:&gt;|>)(?:&gt;&gt;|>>)/.test(lines[i])) {
      run.push(...lines.slice(i + 1));
      break;
    }
  }
  flush();
  return nodes;
}

function inline(text, verbatim) {
  const nodes = [];
  let plain = '';
  const push = (node) => {
    if (plain) nodes.push(unescape(plain));
    plain = '';
    nodes.push(node);
  };
  for (let i = 0; i < text.length;) {
    const found = token(text, i, verbatim);
    if (found) {
      push(found.node);
      i = found.end;
    } else {
      plain += text[i++];
    }
  }
  if (plain) nodes.push(unescape(plain));
  return nodes;
}

// token reads the markup that begins at i, if any does.
function token(text, i, verbatim) {
  const c = text[i];
  if (c === '<') return angle(text, i);
  if (c === '`') return code(text, i);
  if (emphasis[c]) return emphasised(text, i, verbatim);
  if (c === ':') return emoji(text, i);
  if (c === 'h' && !verbatim) return bareLink(text, i);
  return null;
}

function angle(text, i) {
  const end = text.indexOf('>', i);
  if (end < 0) return null;
  const inner = text.slice(i + 1, end);
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? '' : unescape(inner.slice(bar + 1));
  const node = angleNode(target, label);
  return node && { node, end: end + 1 };
}

function angleNode(target, label) {
  let m;
  if ((m = /^@([UW]\w+)$/.exec(target))) return { kind: 'user', id: m[1], text: label };
  if ((m = /^#(C\w+)$/.exec(target))) return { kind: 'channel', id: m[1], text: label };
  if ((m = /^!date\^(\d+)\^([^^]+)(?:\^(.+))?$/.exec(target))) {
    return { kind: 'date', unix: Number(m[1]), format: unescape(m[2]), url: unescape(m[3] ?? ''), text: label };
  }
  if ((m = /^!(here|channel|everyone)$/.exec(target))) return { kind: 'broadcast', name: m[1] };
  if (/^!subteam\^/.test(target)) return { kind: 'broadcast', name: label.replace(/^@/, '') || 'group' };
  if (/^[a-z][a-z+.-]*:/i.test(target)) return { kind: 'link', url: unescape(target), text: label };
  return null;
}

function code(text, i) {
  const end = text.indexOf('`', i + 1);
  if (end < 0 || end === i + 1 || text.slice(i, end).includes('\n')) return null;
  return { node: { kind: 'code', text: unescape(plainLabels(text.slice(i + 1, end))) }, end: end + 1 };
}

// emphasised reads *bold* and its kin: the marker stands at the edge of a word, what
// it encloses begins and ends with something visible and stays on one line.
function emphasised(text, i, verbatim) {
  const mark = text[i];
  if (i > 0 && (letter.test(text[i - 1]) || text[i - 1] === mark)) return null;
  if (i + 1 >= text.length || blank.test(text[i + 1]) || text[i + 1] === mark) return null;
  for (let j = i + 1; j < text.length && text[j] !== '\n'; j++) {
    const skip = text[j] === '<' ? angle(text, j) : text[j] === '`' ? code(text, j) : null;
    if (skip) {
      j = skip.end - 1;
      continue;
    }
    const closes = text[j] === mark && j > i + 1 && !blank.test(text[j - 1])
      && !(j + 1 < text.length && (letter.test(text[j + 1]) || text[j + 1] === mark));
    if (closes) return { node: { kind: emphasis[mark], nodes: inline(text.slice(i + 1, j), verbatim) }, end: j + 1 };
  }
  return null;
}

function emoji(text, i) {
  const m = /^:([a-z0-9_+'-]+):/.exec(text.slice(i, i + 64));
  return m && { node: { kind: 'emoji', name: m[1] }, end: i + m[0].length };
}

function bareLink(text, i) {
  if (i > 0 && letter.test(text[i - 1])) return null;
  const m = /^https?:\/\/[^\s<>|`]+/.exec(text.slice(i));
  if (!m) return null;
  const url = m[0].replace(/(?:&gt;|[.,;:!?)\]'"*_~])+$/, '');
  return url.length > 8 ? { node: { kind: 'link', url: unescape(url), text: '' }, end: i + url.length } : null;
}

// plainLabels shows links and mentions inside code as the words they stand for.
const plainLabels = (text) => text.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, target, label) => label || target);

/** The nodes for parsed mrkdwn. */
export function drawMrkdwn(nodes) {
  return nodes.map((node) => (typeof node === 'string' ? node : drawers[node.kind](node)));
}

/** A fragment for mrkdwn as text. */
export const mrkdwn = (text, options) => drawMrkdwn(parse(text, options));

const drawers = {
  bold: (n) => el('b', {}, drawMrkdwn(n.nodes)),
  italic: (n) => el('i', {}, drawMrkdwn(n.nodes)),
  strike: (n) => el('s', {}, drawMrkdwn(n.nodes)),
  code: (n) => el('code', {}, n.text),
  pre: (n) => el('pre', {}, n.text),
  quote: (n) => el('blockquote', {}, drawMrkdwn(n.nodes)),
  link: (n) => link(n.url, n.text || n.url),
  user: (n) => mentionOf(n.id, n.text),
  channel: (n) => el('span', { class: 'mention' }, `#${n.text || (n.id === state.channel.id ? state.channel.name : n.id)}`),
  broadcast: (n) => el('span', { class: 'mention at-you' }, `@${n.name}`),
  date: (n) => dateOf(n.unix, n.format, n.url, n.text),
  emoji: (n) => emojiOf(n.name),
};

/** A link, if the address is one that a page may follow; else its words alone. */
export function link(url, text) {
  let safe = null;
  try {
    safe = new URL(url);
  } catch {
    return text;
  }
  if (safe.protocol !== 'http:' && safe.protocol !== 'https:') return text;
  return el('a', { href: safe.href, target: '_blank', rel: 'noopener' }, text);
}

/** Somebody mentioned by id. */
export function mentionOf(id, label = '') {
  const person = who(id);
  const name = person.key ? person.name : label.replace(/^@/, '') || id;
  const you = state.people.some((p) => p.id === id && p.key === state.as);
  return el('span', { class: you ? 'mention at-you' : 'mention' }, `@${name}`);
}

/** A moment in Slack's date format; fallback where the moment makes no sense. */
export function dateOf(unix, format, url, fallback) {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const words = el('time', { dateTime: date.toISOString() }, slackDate(unix, format, new Date(state.now)));
  return url ? link(url, words) : words;
}

/** An emoji by name. The bot uses one; others stay the word between colons. */
export function emojiOf(name) {
  return name === 'warning' ? el('span', { class: 'emoji' }, warning(18)) : `:${name}:`;
}
