// Bringing state up to date with the lab: the channel as one person sees it, the
// thread that is open, the world, the faults.
import { look } from './api.js';
import { change, state } from './state.js';

// one lets a load run once at a time; a call meanwhile makes it run once more.
function one(load) {
  let running = null;
  let again = false;
  return async function run() {
    if (running) {
      again = true;
      return running;
    }
    running = load().finally(() => { running = null; });
    await running;
    if (again) {
      again = false;
      return run();
    }
    return undefined;
  };
}

/** Looks at the channel again, and at the open thread. */
export const loadChannel = one(async () => {
  const { as, thread } = state;
  const [room, replies] = await Promise.all([
    look('/lab/channel', { as }),
    thread ? look('/lab/channel', { as, thread }).then((r) => r.messages) : [],
  ]);
  // The answer is for somebody that this window no longer is.
  if (as !== state.as || thread !== state.thread) return;
  change({
    people: same(state.people, room.people),
    bot: same(state.bot, room.bot),
    channel: same(state.channel, room.channel),
    messages: same(state.messages, room.messages),
    views: same(state.views, room.views ?? []),
    replies: same(state.replies, replies),
    now: Date.parse(room.now),
    openedAt: state.openedAt || Date.parse(room.now),
  });
});

/** Looks at the world again. */
export const loadWorld = one(async () => change({ world: await look('/lab/world') }));

/** Looks at the faults again. */
export const loadFaults = one(async () => {
  const faults = await look('/lab/faults');
  change({ faults: same(state.faults, faults) });
});

// same keeps the old value where the new one says the same, so that nothing is drawn
// for nothing.
const same = (old, now) => (JSON.stringify(old) === JSON.stringify(now) ? old : now);

/** Makes this window somebody else's. */
export function become(key) {
  if (key === state.as) return Promise.resolve();
  change({ as: key, views: [] });
  const address = new URL(location.href);
  address.searchParams.set('as', key);
  history.replaceState(null, '', address);
  return loadChannel();
}

/** Opens the thread below a message, or closes the one that is open. */
export function openThread(ts) {
  if (ts === state.thread) return Promise.resolve();
  change({ thread: ts, replies: [] });
  return ts ? loadChannel() : Promise.resolve();
}
