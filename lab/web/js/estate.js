// The Estate panel: what is true in the simulated world, which the bot has to ask for.
import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';
import { ageBar, sparkline } from './sparkline.js';
import { state, watch } from './state.js';
import { hourMinute, span } from './times.js';

const number = new Intl.NumberFormat('en-GB');
const few = 8; // above this a server is one line, which opens

/** Starts the panel. */
export function startEstate(panel) {
  const body = el('div', { class: 'panel-body' });
  fill(panel, el('p', { class: 'note' }, el('b', {}, 'The truth.'), ' Read from the simulated servers, not from the bot. The bot has to ask them.'), body);
  const open = new Set(); // names of the servers opened in the long list
  watch(() => {
    byId('side').classList.toggle('stale', state.link === 'lost');
    if (!state.world) return fill(body, el('p', { class: 'quiet' }, 'Opening the lab…'));
    return fill(body, servers(state.world, open), queue(state.world.queue), snapshots(state.world), clients(state.world));
  }, 'world', 'link');
}

// asOf is added to every heading once the page no longer hears from the lab.
const asOf = () => (state.link === 'lost' && state.lostAt ? ` as of ${hourMinute(state.lostAt)}` : '');

function heading(title, words, className = '') {
  return el('div', { class: 'side-head' }, el('h2', {}, title), el('b', { class: className }, words + asOf()));
}

function servers(world, open) {
  const silent = world.hosts.filter((h) => !h.answers).length;
  const words = silent ? `${world.hosts.length - silent} of ${world.hosts.length} answer` : 'all answer';
  const draw = world.hosts.length > few ? (h) => line(h, world, open) : (h) => el('div', { class: 'server' }, top(h), facts(h, world));
  return [heading('Servers', words, silent ? 'word wait' : 'plain-word'), world.hosts.map(draw)];
}

function line(h, world, open) {
  const node = el('details', { class: 'server', open: open.has(h.name) }, el('summary', {}, top(h)), facts(h, world));
  node.addEventListener('toggle', () => (node.open ? open.add(h.name) : open.delete(h.name)));
  return node;
}

function top(h) {
  const up = { on: `On, up ${span(h.uptime_seconds * 1000)}`, off: 'Off', starting: 'Starting' }[h.power] ?? 'Unknown';
  return el('div', { class: 'server-top' }, el('b', {}, h.name), el('span', { class: 'role' }, h.label),
    el('span', { class: `up ${h.power}` }, icon('power', 14), up));
}

function facts(h, world) {
  const on = h.power === 'on';
  const short = h.services_running < h.services_total;
  return [
    el('dl', { class: 'server-facts' },
      fact('Doors', on ? doors(h) : '–'),
      fact('Services', on ? el('span', { class: short ? 'short' : '' }, `${h.services_running} of ${h.services_total}`) : '–'),
      fact('Version', (on && (h.version || (h.schema && `CMDB ${h.schema}`))) || '–')),
    on && el('div', { class: 'disks' }, h.disks.map(disk)),
    on && !h.answers && el('p', { class: 'server-more alarm' }, 'Does not let the bot in.'),
    !h.trusted && el('p', { class: 'server-more alarm' }, 'The domain does not trust it.'),
    torn(h, world) && el('p', { class: 'server-more alarm' }, `The SMP is ${torn(h, world)}: they do not belong together.`),
    on && Boolean(h.clock_seconds) && el('p', { class: 'server-more' }, `Its clock is ${number.format(Math.abs(h.clock_seconds))} s ${h.clock_seconds > 0 ? 'ahead' : 'behind'}.`),
    h.restore && el('p', { class: 'server-more' }, restoreWords(h.restore, world)),
  ];
}

// torn is the version of the SMP where the database is of another one.
const torn = (h, world) => {
  const smp = world.hosts.find((x) => x.role === 'smp');
  return h.schema && smp && smp.version !== h.schema ? smp.version : '';
};

const fact = (label, value) => el('div', {}, el('dt', {}, label), el('dd', {}, value));

function doors(h) {
  const rules = h.open_rules === 1 ? '1 rule' : `${h.open_rules} rules`;
  switch (h.doors) {
    case 'open': return [el('span', { class: 'door-open' }, icon('door-open', 14)), `Open, ${rules}`];
    case 'partly': return [el('span', { class: 'door-open' }, icon('door-open', 14)), el('span', { class: 'partly' }, `Partly, ${rules}`)];
    case 'closed': return [el('span', { class: 'door-closed' }, icon('door-closed', 14)), 'Closed'];
    case 'none': return 'None needed';
    default: return 'Unknown';
  }
}

function disk(d) {
  const inside = el('i', {});
  const used = d.size_gb > 0 ? 1 - d.free_gb / d.size_gb : 0;
  inside.style.width = `${Math.min(100, Math.max(0, used * 100))}%`;
  return el('div', { class: used > .9 ? 'disk low' : 'disk' }, el('b', {}, `${d.drive} ${number.format(d.free_gb)}`), ` of ${number.format(d.size_gb)} GB free`,
    el('div', { class: 'bar', 'aria-hidden': 'true' }, inside));
}

function restoreWords(restore, world) {
  const due = new Date(restore.due);
  const left = due - new Date(world.now);
  const rules = restore.names.length === 1 ? '1 rule' : `${restore.names.length} rules`;
  return `Self-restore at ${hourMinute(due)}${left > 0 ? `, in ${span(left)}` : ''}: ${rules}, for ${restore.key}`;
}

function queue(q) {
  const empty = q.word === 'Empty';
  const words = empty && q.empty_since ? `Empty since ${hourMinute(new Date(q.empty_since))}` : q.word;
  const look = { Empty: 'done', 'Backlog grows': 'wait', Stalled: 'fail', Unknown: 'wait' }[q.word] ?? '';
  return [
    heading('Event queue', empty ? 'Empty' : `${number.format(q.total)} waiting`),
    sparkline(q.history ?? [], `Events waiting over the last hour: now ${q.total}, ${q.word.toLowerCase()}`),
    el('p', { class: 'spark-foot' }, el('span', {}, `Database ${number.format(q.database)}, files ${number.format(q.files)}. Last hour.`), el('span', { class: `word ${look}` }, words)),
  ];
}

function snapshots(world) {
  const all = world.snapshots ?? [];
  if (!all.length) return [heading('Snapshots', 'None'), el('p', { class: 'quiet' }, 'No server has a snapshot.')];
  const oldest = Math.min(...all.map((s) => Date.parse(s.taken)));
  const age = Date.parse(world.now) - oldest;
  const names = [...new Set(all.map((s) => s.name))];
  const size = all.reduce((sum, s) => sum + (s.size_mb ?? 0), 0) / 1024;
  return [
    heading('Snapshots', `${names.length === 1 ? 'Set of' : 'In all'} ${all.length}, ${span(age)} old`),
    ageBar(age),
    el('p', { class: 'quiet' }, names.map((n) => `${n} on ${all.filter((s) => s.name === n).map((s) => s.host).join(', ')}.`).join(' '), size > 0 && ` ${size.toFixed(1)} GB.`),
  ];
}

function clients({ clients: c, hosts }) {
  const by = hosts.filter((h) => c.by_host?.[h.name] > 0).map((h) => `${h.name} ${number.format(c.by_host[h.name])}`).join(', ');
  const backlog = c.backlog ? ` They keep ${number.format(c.backlog)} events.` : '';
  return [
    heading('Clients connected', `${number.format(c.connected)} now`),
    el('p', { class: 'quiet' }, `${by ? `${by}. ` : ''}Managed ${number.format(c.managed)}.${backlog}`),
  ];
}
