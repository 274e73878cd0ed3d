// Times as a reader in this browser's zone says them.

const format = (options) => new Intl.DateTimeFormat('en-GB', options);
const clock = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const weekday = format({ weekday: 'short' });
const dayMonth = format({ day: 'numeric', month: 'short' });
const longDay = format({ weekday: 'long', day: 'numeric', month: 'long' });
const american = {
  date: new Intl.DateTimeFormat('en-US', { month: 'long', day: 'numeric', year: 'numeric' }),
  date_short: new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', year: 'numeric' }),
  date_long: new Intl.DateTimeFormat('en-US', { weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' }),
};

/** A Slack ts, "1764313320.000200", as a Date. */
export const ofTS = (ts) => new Date(Number.parseFloat(ts) * 1000);

export const hourMinute = (date) => clock.format(date);
export const hourMinuteSecond = (date) => seconds.format(date);
export const dayName = (date) => longDay.format(date);
export const dayKey = (date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;

/** "Sat 28 Nov 07:03" */
export const worldClock = (date) => `${weekday.format(date)} ${dayMonth.format(date)} ${clock.format(date)}`;

/** "07:02" on the day of now, else "Mon 08:00". */
export function messageTime(date, now) {
  return dayKey(date) === dayKey(now) ? clock.format(date) : `${weekday.format(date)} ${clock.format(date)}`;
}

/** "41 days", "9 h 42 min", "7 min"; below a minute "1 min" or less in words. */
export function span(ms) {
  const minutes = Math.floor(ms / 60000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return 'less than 1\u00A0min';
  if (hours < 1) return `${minutes}\u00A0min`;
  if (days < 1) return minutes % 60 && hours < 12 ? `${hours}\u00A0h ${minutes % 60}\u00A0min` : `${hours}\u00A0h`;
  return days === 1 ? '1\u00A0day' : `${days}\u00A0days`;
}

/**
 * Slack's date format, such as "{date_short} at {time}", for a Unix second. A token
 * that Slack does not know stays as it is.
 */
export function slackDate(unix, text, now = new Date()) {
  const date = new Date(unix * 1000);
  const pretty = (name) => {
    const days = Math.round((midnight(date) - midnight(now)) / 86400000);
    return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days] ?? american[name].format(date);
  };
  const tokens = {
    date_num: () => dayKey(date).replace(/-(\d)(?!\d)/g, '-0$1'),
    date: () => american.date.format(date),
    date_short: () => american.date_short.format(date),
    date_long: () => american.date_long.format(date),
    date_pretty: () => pretty('date'),
    date_short_pretty: () => pretty('date_short'),
    date_long_pretty: () => pretty('date_long'),
    day_divider_pretty: () => pretty('date_long'),
    time: () => clock.format(date),
    time_secs: () => seconds.format(date),
    ago: () => (date <= now ? `${span(now - date)} ago` : `in ${span(date - now)}`),
  };
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(tokens, name) ? tokens[name]() : whole));
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
