// The marks of the page, drawn here. Marks of states differ in shape, not in colour
// alone, and stand beside their word, so they are hidden from screen readers.
import { drawing } from './dom.js';

const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
const solid = { fill: 'currentColor' };
const cut = { ...line, stroke: 'var(--bg)', 'stroke-width': 1.8 };

// Each is a list of [element, attributes] on a field of 16 by 16.
const shapes = {
  done: [['circle', { cx: 8, cy: 8, r: 8, ...solid }], ['path', { d: 'M4.6 8.3l2.3 2.4 4.5-5', ...cut }]],
  in_progress: [['circle', { cx: 8, cy: 8, r: 7, ...line }], ['path', { d: 'M8 1a7 7 0 0 1 0 14z', ...solid }]],
  pending: [['circle', { cx: 8, cy: 8, r: 7, ...line, 'stroke-width': 1.5, 'stroke-dasharray': '2.6 2.9' }]],
  error: [['path', { d: 'M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7z', ...solid }], ['path', { d: 'M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6', ...cut }]],
  unknown: [['rect', { x: 1, y: 1, width: 14, height: 14, rx: 2, ...line, 'stroke-width': 1.5, 'stroke-dasharray': '2.6 2.2' }], ['path', { d: 'M6 6.1c0-1.2.9-2 2-2s2 .8 2 1.9c0 1.4-2 1.5-2 3.1M8 11.6v.3', ...line }]],
  person: [['circle', { cx: 8, cy: 8, r: 7, ...line }], ['path', { d: 'M6.2 5v6M9.8 5v6', ...line, 'stroke-width': 2 }]],
  'door-open': [['path', { d: 'M2.5 15V1.5h8V15M1 15h14', ...line, 'stroke-width': 1.4 }], ['path', { d: 'M3 2l5 1.6V15H3z', ...solid }], ['circle', { cx: 6.6, cy: 8.6, r: .8, fill: 'var(--bg)' }]],
  'door-closed': [['path', { d: 'M3.5 1h8v14h-8z', ...solid }], ['path', { d: 'M1.5 15h12', ...line }], ['circle', { cx: 9.6, cy: 8, r: .9, fill: 'var(--bg)' }]],
  power: [['path', { d: 'M8 1.5v6M4.6 3.9a5.3 5.3 0 1 0 6.8 0', ...line }]],
  eye: [['path', { d: 'M1 8s2.6-4.5 7-4.5S15 8 15 8s-2.6 4.5-7 4.5S1 8 1 8z', ...line, 'stroke-width': 1.4 }], ['circle', { cx: 8, cy: 8, r: 2, ...line, 'stroke-width': 1.4 }]],
  pin: [['path', { d: 'M9.6 1.2l5.2 5.2-1.2.6-2.9 2.9-.3 3-1.1 1-3-3-4 4 4-4-3-3 1-1.1 3-.3 2.9-2.9z', ...solid, stroke: 'currentColor', 'stroke-width': 1, 'stroke-linejoin': 'round' }]],
  send: [['path', { d: 'M1.5 2l13 6-13 6 1.8-5.2L9.5 8 3.3 7.2z', ...solid }]],
  down: [['path', { d: 'M3.5 6l4.5 4.5L12.5 6', ...line }]],
  close: [['path', { d: 'M3.5 3.5l9 9M12.5 3.5l-9 9', ...line }]],
  tick: [['path', { d: 'M3 8.5l3.4 3.4L13 4.6', ...line, 'stroke-width': 2.2 }]],
  file: [['path', { d: 'M3 1h6.5L13 4.5V15H3zM9.5 1v3.5H13M5.5 7.5h5M5.5 10h5M5.5 12.5h3', ...line, 'stroke-width': 1.2 }]],
  bubble: [['path', { d: 'M2 2.5h12v8.5H7.5L4.5 14v-3H2z', ...line }]],
  servers: [['path', { d: 'M2 2h12v5H2zM2 9h12v5H2zM4.5 4.5h.1M4.5 11.5h.1M7 4.5h4.5M7 11.5h4.5', ...line, 'stroke-width': 1.3 }]],
  bolt: [['path', { d: 'M9 1L3 9h4l-1 6 7-8.5H8.5z', ...line }]],
  menu: [['path', { d: 'M2.5 4h11M2.5 8h11M2.5 12h11', ...line }]],
  bot: [['path', { d: 'M4 1.5v13M12 1.5v13M4 12h8M4 8.6h8M4 4.2l3 2.4 5-3.8', ...line, 'stroke-width': 1.8 }]],
};

/** The mark of that name, size CSS pixels wide. */
export function icon(name, size = 16) {
  const parts = (shapes[name] ?? shapes.unknown).map(([tag, attributes]) => drawing(tag, attributes));
  return drawing('svg', { viewBox: '0 0 16 16', width: size, height: size, 'aria-hidden': 'true' }, ...parts);
}

/** The warning sign, the one emoji that the bot uses, with its word for readers. */
export function warning(size = 20) {
  return drawing('svg', { viewBox: '0 0 16 16', width: size, height: size, role: 'img', 'aria-label': 'Warning' },
    drawing('path', { d: 'M8 1.2L15.3 14.4H.7z', fill: '#F5B301', stroke: '#7A4F00', 'stroke-width': 1, 'stroke-linejoin': 'round' }),
    drawing('path', { d: 'M8 5.6v4.2M8 12v.2', fill: 'none', stroke: '#2B1B00', 'stroke-width': 1.6, 'stroke-linecap': 'round' }));
}
