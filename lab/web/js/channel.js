// The channel: its messages, what Slack itself says, and the pill that tells of a card
// out of view.
import { byId, el, fill } from './dom.js';
import { holdPlace, inView, isAtEnd, keepEnd, reconcile, showTop, toEnd } from './list.js';
import { authorOf, drawMessage, headerOf, requestOf, stateOf } from './message.js';
import { speak } from './speak.js';
import { change, me, state, watch } from './state.js';
import { dayKey, dayName, hourMinute, ofTS } from './times.js';

const scroller = byId('messages');
const list = byId('list');
const pill = el('button', { type: 'button', class: 'pill', hidden: true });
let states = null; // by ts: what each card's header said last
let drawnAs = ''; // the person for whom states are

/** Starts drawing the channel. */
export function startChannel() {
  byId('edge').append(pill);
  watch(draw, 'messages', 'notices', 'dismissed', 'people', 'as');
  scroller.addEventListener('scroll', () => {
    if (isAtEnd(scroller)) pill.hidden = true;
  }, { passive: true });
  keepEnd(scroller, list);
}

function draw() {
  if (!state.openedAt) return;
  byId('opening').hidden = true;
  const seen = state.messages.filter(visible);
  const items = withDays([...seen.map(asItem), ...state.notices.filter((n) => n.as === state.as).map(noticeItem)]
    .sort((a, b) => a.at - b.at));
  if (!items.length) items.push({ key: 'empty', same: state.as, draw: emptyChannel });
  let changes;
  holdPlace(scroller, list, () => { changes = reconcile(list, items); });
  announce(seen, changes.fresh);
}

// An ephemeral message is gone when its reader says so or opens the page anew, as in
// Slack.
const visible = (m) => !m.ephemeral || (!state.dismissed.has(m.ts) && ofTS(m.ts).getTime() >= state.openedAt);

function asItem(m) {
  return {
    key: m.ts, at: Number(m.ts), message: m,
    same: JSON.stringify(m) + state.as + state.people.length + dayKey(new Date(state.now)),
    draw: () => drawMessage(m),
  };
}

function noticeItem(n) {
  const put = () => change({ notices: state.notices.filter((x) => x !== n) });
  return {
    key: n.id, at: n.at, same: n.id,
    draw: () => el('article', { class: 'message only-you own-words', tabIndex: -1 }, el('span', {}),
      el('div', { class: 'author' }, el('span', {}, 'Slack'), el('span', { class: 'only' }, `Only ${me().name} can see this`),
        el('button', { type: 'button', class: 'link dismiss', onclick: put }, 'Dismiss')),
      el('div', { class: 'body' }, el('p', {}, n.parts))),
  };
}

function withDays(items) {
  let day = '';
  return items.flatMap((item) => {
    const date = new Date(item.at * 1000);
    if (dayKey(date) === day) return [item];
    day = dayKey(date);
    return [{ key: `day-${day}`, same: '', draw: () => el('p', { class: 'day' }, dayName(date)) }, item];
  });
}

function emptyChannel() {
  const others = state.people.filter((p) => p.key !== state.as);
  const may = { operator: 'may ask', approver: 'may approve', approver2: 'may approve', viewer: 'may look on' };
  const command = state.bot.command ?? '/itms';
  const rest = [...Map.groupBy(others, (p) => may[p.key])].map(([what, them]) => `${them.map((p) => p.name).join(' and ')} ${what}`).join('; ');
  return el('p', { class: 'message own-words' }, el('span', {}), el('span', {},
    `This is #${state.channel.name}. Type `, el('code', {}, command), ' for what makes sense now, or ', el('code', {}, `${command} quiesce`),
    ` to start the day. You are ${me().name}, who ${may[state.as]}; ${rest}.`));
}

// announce speaks what is new, and points to what changed out of view.
function announce(seen, fresh) {
  const now = new Map(seen.map((m) => [m.ts, headerOf(m)]));
  const before = drawnAs === state.as ? states : null;
  states = now;
  drawnAs = state.as;
  if (!before) return;
  const mine = me().id;
  for (const m of seen) {
    const isNew = fresh.includes(m.ts);
    const turned = before.has(m.ts) && before.get(m.ts) !== headerOf(m);
    if (!isNew && !turned) continue;
    if (m.user !== mine || m.bot_id) speak(m.text);
    const li = list.querySelector(`[data-key="${m.ts}"]`);
    if (isNew) li?.firstChild.classList.add('fresh');
    if (m.user === mine && !m.bot_id) toEnd(scroller, list);
    else if (li && !inView(scroller, li)) point(m, li);
  }
}

function point(m, li) {
  const what = stateOf(m) ? `${requestOf(m) || headerOf(m)}: ${stateOf(m)}.` : `${authorOf(m).name} wrote at ${hourMinute(ofTS(m.ts))}.`;
  fill(pill, el('b', {}, what), el('i', {}, 'Show'));
  pill.hidden = false;
  pill.onclick = () => {
    pill.hidden = true;
    showTop(scroller, li);
    li.firstChild.focus({ preventScroll: true });
  };
}

/** Shows a message of the channel and says which by moving the focus there. */
export function showMessage(ts) {
  const li = list.querySelector(`[data-key="${ts}"]`);
  if (!li) return;
  showTop(scroller, li);
  li.firstChild.focus({ preventScroll: true });
}

/** Calls with whether a message is in view, whenever that may have changed. */
export function whenInView(call) {
  const tell = () => call((ts) => {
    const li = list.querySelector(`[data-key="${ts}"]`);
    return Boolean(li) && inView(scroller, li);
  });
  scroller.addEventListener('scroll', tell, { passive: true });
  watch(tell, 'messages');
}

let serial = 0;

/** Puts a sentence of Slack itself into the channel, for the person of this window. */
export function slackSays(...parts) {
  const at = (state.world ? Date.parse(state.world.now) : state.now) / 1000;
  change({ notices: [...state.notices, { id: `notice-${serial++}`, as: state.as, at, parts }] });
  toEnd(scroller, list);
}
