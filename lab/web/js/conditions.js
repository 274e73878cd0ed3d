// Conditions: changes made to the world by hand, as somebody might who is not the bot.
// Each is a row of controls and the condition they stand for.
import { send } from './api.js';
import { el, fill } from './dom.js';
import { loadWorld } from './load.js';
import { state, watch } from './state.js';

const yesNo = [['true', 'Yes'], ['false', 'No']];
const onOff = [['true', 'On'], ['false', 'Off']];
const hosts = (w) => w.hosts.map((h) => [h.name, h.name]);
const hostOf = (w, name) => w.hosts.find((h) => h.name === name) ?? w.hosts[0];

// Each row: its label, its controls in order, and the condition for their values.
// A control is {number} with the value it starts with, or {choose} with its options,
// either a function of the world and of the values to its left; {least} is the smallest
// number where that is not 0. A row that goes elsewhere than to the world names where,
// and one with live draws its options anew whenever the world changes.
const rows = [
  { label: 'Upgraded by hand', controls: [{ choose: () => [['smp', 'SMP and its database'], ['site', 'Site server'], ['gateway', 'Gateway']] }], body: ([word]) => ({ upgrade: word }) },
  { label: 'Events in the queue', controls: [{ number: (w) => w.queue.database }], body: ([n]) => ({ field: 'queue', number: Number(n) }) },
  { label: 'Queue is stuck', controls: [{ choose: () => yesNo }], body: ([on]) => ({ field: 'stuck', on: on === 'true' }) },
  {
    label: 'Free on a disk, GB',
    controls: [
      { choose: (w) => w.hosts.flatMap((h) => h.disks.map((d) => [`${h.name} ${d.drive}`, `${h.name} ${d.drive}`])) },
      { number: (w, [disk]) => { const [host, drive] = disk.split(' '); return hostOf(w, host).disks.find((d) => d.drive === drive)?.free_gb ?? 0; } },
    ],
    body: ([disk, n]) => ({ field: 'disk', host: disk.split(' ')[0], name: disk.split(' ')[1], number: Number(n) }),
  },
  {
    label: 'Errors in a log, now',
    controls: [{ choose: hosts }, { choose: (w, [host]) => (hostOf(w, host).role === 'smp' ? ['SMP', 'System', 'Application'] : ['System', 'Application']).map((l) => [l, l]) }, { number: () => 25, least: 1 }],
    body: ([host, name, n]) => ({ field: 'log', host, name, number: Number(n) }),
  },
  { label: 'Newest backup, hours old', controls: [{ number: () => 30 }], body: ([n]) => ({ field: 'sql', name: 'backup-age', number: Number(n) }) },
  { label: 'A full backup is taken', controls: [{ choose: () => [['backup', 'now']] }], body: ([name]) => ({ field: 'sql', name }) },
  { label: 'The CMDB is restored', controls: [{ choose: (w) => hosts(w).filter(([name]) => hostOf(w, name).role === 'sql') }], body: ([host]) => ({ field: 'restore-database', host }) },
  { label: 'A restart is pending', controls: [{ choose: hosts }, { choose: () => yesNo }], body: ([host, on]) => ({ field: 'pending', host, name: 'servicing', on: on === 'true' }) },
  { label: 'Clock, seconds ahead', controls: [{ choose: hosts }, { number: (w, [host]) => (hostOf(w, host).clock_seconds ? 0 : 3600), least: -604800 }], body: ([host, n]) => ({ field: 'clock', host, number: Number(n) }) },
  { label: 'Newest file backup, hours old', controls: [{ number: () => 30 }], body: ([n]) => ({ field: 'files-age', host: 'SMP1', number: Number(n) }) },
  { label: 'Power', controls: [{ choose: hosts }, { choose: (w, [host]) => currentFirst(onOff, String(hostOf(w, host).power === 'off')) }], body: ([host, on]) => ({ field: 'power', host, on: on === 'true' }) },
  {
    label: 'Service',
    controls: [{ choose: hosts }, { choose: (w, [host]) => hostOf(w, host).services.map((s) => [s.name, s.display]) }, { choose: () => [['Stopped', 'Stopped'], ['Running', 'Running']] }],
    body: ([host, name, word]) => ({ field: 'service', host, name, word }),
  },
  {
    label: 'Firewall rule by hand',
    controls: [
      { choose: hosts },
      { choose: (w, [host]) => hostOf(w, host).rules.filter((r) => r.store === 'Local').map((r) => [r.name, r.display]) },
      { choose: (w, [host, name]) => currentFirst(onOff, String(!hostOf(w, host).rules.find((r) => r.name === name)?.enabled)) },
    ],
    body: ([host, name, on]) => ({ field: 'rule', host, name, on: on === 'true' }),
  },
  { label: 'A rule opens every port', controls: [{ choose: hosts }, { choose: () => onOff }, { choose: () => [['TCP', 'TCP'], ['Any', 'Any protocol']] }], body: ([host, on, word]) => ({ field: 'any-port', host, on: on === 'true', word }) },
  { label: 'Group policy opens a port', controls: [{ choose: hosts }, { number: () => 443 }], body: ([host, port]) => ({ field: 'gpo-add', host, rule: policyRule(port) }) },
  { label: 'Firewall profile', controls: [{ choose: hosts }, { choose: () => ['Domain', 'Private', 'Public'].map((p) => [p, p]) }, { choose: () => [...onOff].reverse() }], body: ([host, name, on]) => ({ field: 'profile', host, name, on: on === 'true' }) },
  { label: 'What no rule names', controls: [{ choose: hosts }, { choose: () => [['Allow', 'Allow'], ['Block', 'Block']] }], body: ([host, word]) => ({ field: 'inbound', host, word }) },
  {
    label: 'An installer will switch on',
    controls: [{ choose: hosts }, { choose: (w, [host]) => hostOf(w, host).rules.filter((r) => r.store === 'Local').map((r) => [r.name, r.display]) }],
    body: ([host, name]) => ({ field: 'installer-rule', host, name }),
  },
  { label: 'The domain trusts', controls: [{ choose: (w) => hosts(w).filter(([name]) => name !== 'GW1') }, { choose: (w, [host]) => currentFirst(yesNo, String(!hostOf(w, host).trusted)) }], body: ([host, on]) => ({ field: 'trust', host, on: on === 'true' }) },
  {
    label: 'Somebody removes a snapshot',
    to: '/lab/snapshots',
    live: true,
    controls: [{ choose: (w) => (w.snapshots ?? []).map((s) => [`${s.host} ${s.name}`, `${s.host}: ${s.name}`]) }],
    body: ([snapshot]) => ({ vm: snapshot.split(' ')[0], remove: snapshot.slice(snapshot.indexOf(' ') + 1) }),
  },
  { label: 'Local rules count', controls: [{ choose: hosts }, { choose: () => [...yesNo].reverse() }], body: ([host, on]) => ({ field: 'local-rules', host, on: on === 'true' }) },
];

// currentFirst puts the option first that would change something.
const currentFirst = (options, value) => [...options].sort(([a], [b]) => (b === value) - (a === value));

const policyRule = (port) => ({
  name: `GPO-Allow-${port}`, display: `Allow ${port} (group policy)`, group: '', enabled: true, action: 'Allow', store: 'GroupPolicy', source: 'Servers baseline',
  profile: 'Any', protocol: 'TCP', ports: [String(port)], remote: ['Any'], program: 'Any',
});

/** Starts the list of conditions, once the world is known. */
export function startConditions(node) {
  const refused = el('p', { class: 'refused', role: 'alert' });
  let drawn = false;
  watch(() => {
    if (drawn || !state.world) return;
    drawn = true;
    fill(node, el('div', { class: 'side-head' }, el('h2', {}, 'Conditions')), refused, rows.map((row) => draw(row, refused)));
  }, 'world');
}

function draw(row, refused) {
  const controls = [];
  row.controls.forEach((c, i) => {
    const name = `${row.label}${row.controls.length > 1 ? `, ${i + 1}` : ''}`;
    controls.push(c.number ? el('input', { type: 'number', min: c.least ?? 0, 'aria-label': name }) : el('select', { 'aria-label': name, onchange: () => refresh(i + 1) }));
  });
  const values = (n) => controls.slice(0, n).map((c) => c.value);
  function refresh(from) {
    for (let i = from; i < controls.length; i++) {
      const c = row.controls[i];
      if (c.number) controls[i].value = c.number(state.world, values(i));
      else fill(controls[i], c.choose(state.world, values(i)).map(([value, words]) => el('option', { value }, words)));
    }
  }
  refresh(0);
  if (row.live) {
    const options = () => JSON.stringify(row.controls[0].choose(state.world, []));
    let drawn = options();
    watch(() => {
      if (drawn === options()) return;
      drawn = options();
      refresh(0);
    }, 'world');
  }
  const set = el('button', { type: 'submit', class: 'link', 'aria-label': `Set ${row.label}` }, 'Set');
  return el('form', { class: controls.length > 1 ? 'condition long' : 'condition', onsubmit }, el('span', {}, row.label), controls, set);
  async function onsubmit(event) {
    event.preventDefault();
    try {
      await send(row.to ?? '/lab/world', row.body(values(controls.length)));
      refused.textContent = '';
      await loadWorld();
      refresh(1);
    } catch (error) {
      refused.textContent = error.message;
      refused.scrollIntoView({ block: 'nearest' });
    }
  }
}
