// The strip for the pinned message: its header, and the first five of its first
// fields. It is drawn from blocks and knows nothing of what the message is about.
import { showMessage, whenInView } from './channel.js';
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { headerOf } from './message.js';
import { state, watch } from './state.js';

const strip = byId('pinned');
const narrow = matchMedia('(max-width: 959px)');

/** Starts the strip. It is hidden while the message itself is in view. */
export function startPinned() {
  watch(draw, 'messages', 'channel');
  narrow.addEventListener('change', draw);
  whenInView((inView) => {
    const m = pinned();
    strip.hidden = !m || inView(m.ts);
  });
}

const pinned = () => state.messages.findLast((m) => m.pinned_to?.includes(state.channel.id));

function draw() {
  const m = pinned();
  strip.hidden = !m;
  if (!m) return;
  const fields = (m.blocks ?? []).find((b) => b.fields)?.fields.slice(0, 5).map(split) ?? [];
  const open = () => showMessage(m.ts);
  if (narrow.matches) {
    const [first] = fields;
    fill(strip, el('button', { type: 'button', class: 'pinned-line', onclick: open }, icon('pin', 13),
      el('span', { class: 'pinned-word' }, first?.label ?? 'Pinned'), el('b', {}, first ? first.value : headerOf(m)), '›'));
    return;
  }
  fill(strip,
    el('p', { class: 'pinned-line' }, icon('pin', 13), el('span', { class: 'pinned-word' }, 'Pinned'), el('b', {}, headerOf(m) || m.text),
      el('button', { type: 'button', class: 'link', onclick: open }, 'Show')),
    fields.length > 0 && el('dl', { class: 'pinned-fields' }, fields.map((f) => el('div', {}, el('dt', {}, f.label), el('dd', {}, mrkdwn(f.value, { verbatim: true })), f.bar))));
}

// split reads "*Label*\nvalue"; a run of ■□ in the value becomes a bar.
function split(field) {
  const [first, ...rest] = (field.text ?? '').split('\n');
  const value = rest.join(' ');
  const boxes = /`?([■□]{3,})`?/.exec(value);
  return { label: first.replaceAll('*', ''), value: value.replace(boxes?.[0] ?? '', '').trim(), bar: boxes && bar(boxes[1]) };
}

function bar(boxes) {
  const share = [...boxes].filter((c) => c === '■').length / boxes.length;
  const inside = el('i', {});
  inside.style.width = `${share * 100}%`;
  return el('div', { class: 'bar', 'aria-hidden': 'true' }, inside);
}
