// The table block. Its first row is its head; below 960 px each row stacks as label
// and value under its first cell (narrow.css).
import { el } from './dom.js';
import { richText, richWords } from './richtext.js';

/** Draws a table block. */
export function table(block) {
  const rows = block.rows ?? [];
  const columns = block.column_settings ?? [];
  const labels = (rows[0] ?? []).map(words);
  const look = (i) => {
    const c = columns[i] ?? {};
    return [c.align === 'right' && 'to-right', c.align === 'center' && 'to-center', !c.is_wrapped && columns[i] && 'one-line']
      .filter(Boolean).join(' ') || null;
  };
  // The roles are said aloud because the stacked form of narrow windows is no table to a
  // browser any more.
  const head = el('tr', { role: 'row' }, labels.map((label, i) => el('th', { scope: 'col', role: 'columnheader', class: look(i) }, label)));
  const body = rows.slice(1).map((row) => el('tr', { role: 'row' }, row.map((cell, i) => el(i ? 'td' : 'th', { scope: i ? null : 'row', role: i ? 'cell' : 'rowheader', class: look(i) },
    el('span', { class: 'cell-label', 'aria-hidden': 'true' }, labels[i] ?? ''), content(cell)))));
  return el('div', { class: 'b-table' }, el('table', { role: 'table' },
    el('thead', { role: 'rowgroup' }, head), el('tbody', { role: 'rowgroup' }, body)));
}

function content(cell) {
  return cell.type === 'rich_text' ? el('div', {}, richText(cell)) : el('div', { class: 'plain' }, words(cell));
}

function words(cell) {
  if (cell.type === 'rich_text') return richWords(cell);
  return cell.text ?? String(cell.value ?? '');
}
