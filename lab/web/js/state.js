// What the page knows, in one object, and who wants to hear of it. Modules read
// state, change it through change() and draw when a key they watch has changed.

export const state = {
  as: 'operator', // the key of the person that this window is
  people: [], // {key, id, name, role}
  bot: {}, // {user, name, connected, command, hint}
  channel: {},
  messages: [],
  views: [], // open forms of this person, topmost last
  now: 0, // world time (ms) when the channel was last looked at
  openedAt: 0, // world time (ms) at which the page was opened
  thread: '', // ts of the thread that is open
  replies: [],
  notices: [], // sentences of Slack itself, for one person: {id, as, at, parts}
  dismissed: new Set(), // ephemeral messages put away
  world: null,
  faults: null, // {groups, active}
  side: 'estate', // or faults
  tab: 'channel', // below 960 px: channel, estate or faults
  link: 'opening', // live, lost
  lostAt: null, // world time at which the lab was last heard
};

const watchers = [];

/** Calls draw whenever one of the keys has changed. */
export function watch(draw, ...keys) {
  watchers.push({ draw, keys });
}

/** Changes state and lets everybody who watches draw once. */
export function change(patch) {
  const changed = Object.keys(patch).filter((key) => state[key] !== patch[key]);
  Object.assign(state, patch);
  for (const { draw, keys } of watchers) {
    if (keys.some((key) => changed.includes(key))) draw();
  }
}

/** The person that this window is. */
export const me = () => state.people.find((p) => p.key === state.as) ?? { key: state.as, name: '', role: '' };

/** Whoever has that Slack id: a person, the bot, or somebody unknown. */
export function who(id) {
  if (id && id === state.bot.user) return { key: 'bot', id, name: state.bot.name };
  return state.people.find((p) => p.id === id) ?? { key: '', id, name: id || 'somebody' };
}
