// Two small drawings with a sentence each: a curve over an hour, an age over its marks.
import { drawing, el } from './dom.js';
import { span } from './times.js';

const width = 320;
const height = 44;

/** The curve of values, oldest first, from nothing up to the highest. */
export function sparkline(values, words) {
  const top = Math.max(1, ...values) * 1.1;
  const x = (i) => (values.length > 1 ? (i / (values.length - 1)) * (width - 4) + 1 : width - 3);
  const y = (v) => height - 2 - (v / top) * (height - 8);
  const points = values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`);
  if (!points.length) return el('p', { class: 'quiet' }, 'Unknown');
  const last = values.length - 1;
  return drawing('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words },
    drawing('path', { class: 'area', d: `M${x(0)},${height} L${points.join(' L')} L${x(last)},${height} Z` }),
    drawing('path', { class: 'line', d: `M${points.join(' L')}` }),
    drawing('circle', { cx: x(last), cy: y(values[last]), r: 3, fill: 'var(--run)' }));
}

const hour = 3600000;

/** The age of a snapshot set against 48 and 72 hours (run book 1.4 item 7). */
export function ageBar(ms) {
  const inside = el('i', {});
  inside.style.width = `${Math.min(100, (ms / (72 * hour)) * 100)}%`;
  const look = ms >= 72 * hour ? 'age alarm' : ms >= 48 * hour ? 'age old' : 'age';
  return [
    el('div', { class: look, role: 'img', 'aria-label': `${span(ms)} old; a reminder comes at 48 hours, an alarm at 72` }, inside),
    el('p', { class: 'age-marks', 'aria-hidden': 'true' }, el('span', {}, '48 h remind'), el('span', {}, '72 h alarm')),
  ];
}
