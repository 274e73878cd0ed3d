// Slack's rich_text block: text of which nothing is ever read as markup.
import { el } from './dom.js';
import { dateOf, emojiOf, link, mentionOf } from './mrkdwn.js';
import { state } from './state.js';

/** The nodes for a rich_text block's elements. */
export function richText(block) {
  return (block?.elements ?? []).map(drawPart);
}

function drawPart(part) {
  switch (part.type) {
    case 'rich_text_section': return el('div', { class: 'rich' }, drawAll(part.elements));
    case 'rich_text_quote': return el('blockquote', { class: 'rich' }, drawAll(part.elements));
    case 'rich_text_preformatted': return el('pre', {}, drawAll(part.elements));
    case 'rich_text_list': return list(part);
    default: return el('div', { class: 'rich' }, `(${part.type})`);
  }
}

function list(part) {
  const indent = part.indent ?? 0;
  const sign = (i) => (part.style === 'ordered' ? `${(part.offset ?? 0) + i + 1}.` : '•◦▪'[indent % 3]);
  const node = el(part.style === 'ordered' ? 'ol' : 'ul', { class: 'rich-list' },
    (part.elements ?? []).map((item, i) => el('li', {}, el('span', { 'aria-hidden': 'true' }, sign(i)), el('span', { class: 'rich' }, drawAll(item.elements)))));
  node.style.marginInlineStart = `${indent * 1.5}em`;
  return node;
}

const drawAll = (elements = []) => elements.map(drawElement);

function drawElement(e) {
  switch (e.type) {
    case 'text': return styled(e.text ?? '', e.style);
    case 'link': return styled(link(e.url, e.text || e.url), e.style);
    case 'user': return mentionOf(e.user_id);
    case 'channel': return el('span', { class: 'mention' }, `#${e.channel_id === state.channel.id ? state.channel.name : e.channel_id}`);
    case 'broadcast': return el('span', { class: 'mention at-you' }, `@${e.range}`);
    case 'emoji': return emojiOf(e.name);
    case 'date': return styled(dateOf(e.timestamp, e.format ?? '{time}', e.url, e.fallback ?? ''), e.style);
    case 'color': return el('code', {}, e.value);
    default: return e.text ?? '';
  }
}

function styled(node, style = {}) {
  let out = node;
  if (style.code) out = el('code', {}, out);
  if (style.strike) out = el('s', {}, out);
  if (style.italic) out = el('i', {}, out);
  if (style.bold) out = el('b', {}, out);
  return out;
}

/** The words of a rich_text block alone. */
export function richWords(node) {
  if (!node) return '';
  return `${node.text ?? node.fallback ?? ''}${(node.elements ?? []).map(richWords).join('')}`;
}
