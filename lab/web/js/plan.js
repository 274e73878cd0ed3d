// The plan block and its task cards. The title carries the state in words; the page
// adds the word at the right, as no client of Slack does.
import { el } from './dom.js';
import { icon } from './icons.js';
import { richText } from './richtext.js';
import { textObject } from './text.js';

const states = { pending: 'To do', in_progress: 'In progress', complete: 'Done', error: 'Failed' };

// What a title says more exactly than its status can.
const openings = [
  ['Needs a person', 'person', 'Needs a person'],
  ['Unknown', 'unknown', 'Unknown'],
  ['Skipped', 'pending', 'Skipped'],
  ['Not started', 'pending', 'Not started'],
];

/** Draws a plan block; one whose tasks are all complete starts folded. */
export function plan(block, { message, index, folded }) {
  const tasks = block.tasks ?? [];
  const key = `${message?.ts}/${index}`;
  const allDone = tasks.length > 0 && tasks.every((t) => t.status === 'complete');
  const open = folded?.has(key) ? folded.get(key) : !allDone;
  const node = el('details', { class: 'plan', open },
    el('summary', {}, el('span', {}, textObject(block.title)), icon('down', 14)),
    tasks.map(task));
  // Only what a reader does is remembered, not the state the page chose.
  node.firstChild.addEventListener('click', () => folded?.set(key, !node.open));
  return node;
}

/** Draws a task_card that stands outside a plan. */
export const taskAlone = (block) => el('div', { class: 'task-alone' }, task(block));

function task(t) {
  const title = typeof t.title === 'string' ? t.title : t.title?.text ?? '';
  const [look, word] = stateOf(title, t.status ?? 'pending');
  const more = [...richText(t.details), ...richText(t.output)];
  return el('div', { class: `task ${look}` }, icon(look === 'complete' ? 'done' : look),
    el('div', { class: 'task-title' }, title),
    el('div', { class: 'task-word' }, word),
    more.length > 0 && el('div', { class: 'task-more' }, more));
}

function stateOf(title, status) {
  for (const [opening, look, word] of openings) {
    if (title.startsWith(`${opening}:`) || title.startsWith(`${opening}, `)) return [look, word];
  }
  return [states[status] ? status : 'unknown', states[status] ?? 'Unknown'];
}
