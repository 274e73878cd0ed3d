// The door to the lab: JSON there and back, and the stream that says when to look
// again.

/** What the lab declined, in its own sentence. status 0 means it did not answer. */
export class Refused extends Error {
  constructor(status, body) {
    super(body.error ?? `the lab answered ${status}`);
    this.status = status;
    this.fields = body.fields ?? {}; // a form's errors by block id
    this.code = body.code ?? ''; // Slack's own word, where it has one
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(0, { error: 'The lab does not answer. Nothing was sent twice; try again.' });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

export const look = (path, query = {}) => {
  const search = new URLSearchParams(Object.entries(query).filter(([, v]) => v));
  return call(search.size ? `${path}?${search}` : path, { headers: { Accept: 'application/json' } });
};

export const send = (path, body) => call(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * Follows the lab's changes. on is called with "open", "channel", "world" and "lost";
 * the browser reconnects by itself, and every "open" means: look at everything again.
 */
export function follow(on) {
  const events = new EventSource('/lab/events');
  events.addEventListener('open', () => on('open'));
  events.addEventListener('channel', () => on('channel'));
  events.addEventListener('world', () => on('world'));
  events.addEventListener('error', () => {
    on('lost');
    // A refused stream is not retried by the browser.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => follow(on), 2000);
  });
}
