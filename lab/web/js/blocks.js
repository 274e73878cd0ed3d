// Block Kit: one drawer for each block that the bot sends. A block of another type is
// not guessed at but shown as what it is.
import { el } from './dom.js';
import { button } from './buttons.js';
import { input } from './inputs.js';
import { link } from './mrkdwn.js';
import { plan, taskAlone } from './plan.js';
import { richText } from './richtext.js';
import { table } from './table.js';
import { plainText, textObject } from './text.js';

const drawers = {
  header: (b) => el('h3', { class: 'b-header', tabIndex: -1 }, plainText(b.text)),
  section,
  context: (b) => el('div', { class: 'b-context' }, (b.elements ?? []).map(contextElement)),
  divider: () => el('hr', { class: 'b-divider' }),
  actions: (b, place) => el('div', { class: 'b-actions' }, (b.elements ?? []).map((e) => element(e, b, place))),
  rich_text: (b) => el('div', { class: 'b-rich' }, richText(b)),
  table,
  plan,
  task_card: taskAlone,
  image,
  file: (b) => el('p', { class: 'b-unknown' }, `File ${b.external_id ?? ''}`),
  markdown: (b) => el('div', { class: 'b-text' }, b.text ?? ''),
  alert: (b) => el('p', { class: `b-alert ${b.level ?? 'info'}`, role: 'note' }, textObject(b.text)),
  input,
};

/**
 * The nodes for blocks. place says where they stand: {message} with the message they
 * belong to or {view} with the form, press(button, block) for what a button does, and
 * folded, a map that remembers which plans a reader opened.
 */
export function drawBlocks(blocks, place) {
  return (blocks ?? []).map((block, i) => {
    const draw = drawers[block.type];
    const node = draw ? draw(block, { ...place, index: i }) : unknown(block, 'block');
    if (block.block_id) node.dataset.block = block.block_id;
    return node;
  });
}

function section(b, place) {
  const words = el('div', { class: 'b-words' },
    b.text && el('div', { class: 'b-text' }, textObject(b.text)),
    b.fields && el('div', { class: 'b-fields' }, b.fields.map((f) => el('div', { class: 'b-text' }, textObject(f)))));
  return el('div', { class: 'b-section' }, words, b.accessory && element(b.accessory, b, place));
}

function contextElement(e) {
  return e.type === 'image' ? picture(e) : el('span', { class: 'b-text' }, textObject(e));
}

function element(e, block, place) {
  if (e.type === 'button') return button(e, block, place);
  if (e.type === 'image') return picture(e);
  return unknown(e, 'element');
}

function image(b) {
  return el('figure', { class: 'b-image' },
    b.title && el('figcaption', {}, plainText(b.title)), picture({ ...b, image_url: b.image_url ?? b.slack_file?.url }));
}

// picture shows images of the lab itself; others are named, for the page loads
// nothing from elsewhere.
function picture({ image_url: url = '', alt_text: words = 'Picture' }) {
  const own = url.startsWith(`${location.origin}/`);
  return own ? el('img', { src: url, alt: words }) : el('span', {}, link(url, words));
}

function unknown(part, what) {
  return el('details', { class: 'b-unknown' },
    el('summary', {}, 'This page cannot draw a ', el('i', {}, part.type ?? 'nameless'), ` ${what}`),
    el('pre', {}, JSON.stringify(part, null, 2)));
}
