// Live updates: following the lab, and saying so when it is gone.
import { follow } from './api.js';
import { byId, el } from './dom.js';
import { loadChannel, loadFaults, loadWorld } from './load.js';
import { alarm } from './speak.js';
import { change, state, watch } from './state.js';
import { hourMinute } from './times.js';

/** Starts following the lab. */
export function startConnection() {
  const line = el('p', { class: 'lost', hidden: true });
  byId('notes').prepend(line);
  watch(() => {
    line.hidden = true;
    if (state.link === 'lost') say(line, `Connection to the lab lost at ${hourMinute(state.lostAt)}. Trying again. What you see may be old.`);
    else if (state.bot.connected === false) say(line, 'The bot is not connected. What you type waits as it would in Slack, or times out after three seconds.');
  }, 'link', 'bot');
  follow((event) => {
    if (event === 'lost') return lost();
    // Every sign of life ends a loss, be it of the stream or of a single look.
    if (state.link !== 'live') change({ link: 'live', lostAt: null });
    if (event !== 'world') channelChanged();
    if (event !== 'channel') loadWorld().catch(lost);
    return undefined;
  });
  setTimeout(() => {
    if (!state.openedAt) byId('opening').textContent = 'The lab does not answer yet. Is `go run . lab` still running?';
  }, 5000);
}

function say(line, words) {
  line.textContent = words;
  line.hidden = false;
}

// Faults strike on the bot's calls, which the channel's version counts too.
function channelChanged() {
  loadChannel().catch(lost);
  loadFaults().catch(lost);
}

function lost(error) {
  // A refusal is an answer.
  if (error?.status > 0 || state.link === 'lost') return;
  change({ link: 'lost', lostAt: new Date(state.world?.now ?? state.now) });
  alarm('Connection lost');
}
