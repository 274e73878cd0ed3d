// A small app on Slack's own framework, and what people do with it. Ends with 1 at
// the first thing that does not come out as it would in Slack.
import assert from 'node:assert/strict';
import bolt from '@slack/bolt';
import { ErrorCode, WebClient, WebClientEvent } from '@slack/web-api';
import { act, lab, look, until, versionOf } from './lab.mjs';

const modules = ['web-api', 'socket-mode'].map((m) => `${m} ${versionOf(`@slack/${m}`)}`).join(', ');
console.log(`version Bolt for JavaScript ${versionOf('@slack/bolt')} (${modules}, Node ${process.versions.node})`);

const { App, LogLevel } = bolt;
const { api_url: slackApiUrl, bot_token: token, app_token: appToken, channel, people } = lab.slack;
const app = new App({ token, appToken, socketMode: true, logLevel: LogLevel.WARN, clientOptions: { slackApiUrl } });
const trouble = [];
app.error(async (e) => trouble.push(e));

const text = (s) => ({ type: 'plain_text', text: s });
const reason = {
  type: 'modal',
  callback_id: 'reason',
  title: text('Reason'),
  submit: text('Send'),
  blocks: [{ type: 'input', block_id: 'why', label: text('Why'), element: { type: 'plain_text_input', action_id: 'text' } }],
};

app.command('/itms', async ({ ack, command, client }) => {
  await ack(command.text === 'help' ? { text: 'ask me anything' } : undefined);
  if (command.text === 'help') return;
  await client.chat.postMessage({
    channel: command.channel_id,
    text: `R-1 for <@${command.user_id}>`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${command.text}*` } },
      { type: 'actions', elements: [
        { type: 'button', action_id: 'approve', style: 'primary', value: 'R-1', text: text('Approve') },
        { type: 'button', action_id: 'leave', text: text('Leave it so') },
      ] },
    ],
  });
});
app.action('approve', async ({ ack, action, body, client, respond }) => {
  await ack();
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `${action.value} approved by <@${body.user.id}>` });
  await respond({ text: 'thank you', response_type: 'ephemeral', replace_original: false });
  await client.filesUploadV2({ filename: 'curve.csv', content: 'time,queue\n1,9000\n', channel_id: body.channel.id, thread_ts: body.message.ts });
});
app.action('leave', async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: reason });
});
app.view('reason', async ({ ack, view, client }) => {
  const why = view.state.values.why.text.value;
  if (why.length < 5) return ack({ response_action: 'errors', errors: { why: 'too short' } });
  await ack();
  await client.chat.postMessage({ channel, text: `left: ${why}` });
});

const messages = async (as, thread = '') => (await look(`channel?as=${as}&thread=${thread}`)).messages;
const seen = (as, words) => until(`${as} sees "${words}"`, async () => (await messages(as)).find((m) => m.text === words));

await app.start();
await until('the app is connected', async () => (await look('channel?as=viewer')).bot.connected);

console.log('a slash command is acknowledged with a text that its sender alone sees');
await act('say', { as: 'operator', text: '/itms help' });
await seen('operator', 'ask me anything');
assert.ok(!(await messages('viewer')).some((m) => m.text === 'ask me anything'));

console.log('a message with buttons is posted');
await act('say', { as: 'operator', text: '/itms quiesce' });
const card = await seen('viewer', `R-1 for <@${people.operator}>`);
assert.deepEqual(card.blocks.map((b) => b.type), ['section', 'actions']);

console.log('a button opens a form, whose mistakes are shown and which is then accepted');
await act('press', { as: 'approver2', message: card.ts, action: 'leave' });
const form = await until('the form is open', async () => (await look('channel?as=approver2')).views[0]);
await assert.rejects(act('submit', { as: 'approver2', view: form.id, values: { why: { text: 'no' } } }),
  (e) => e.status === 422 && e.body.fields.why === 'too short');
await act('submit', { as: 'approver2', view: form.id, values: { why: { text: 'it is late' } } });
await seen('viewer', 'left: it is late');

console.log('a button changes its message, answers its presser alone and puts a file into the thread');
await act('press', { as: 'approver', message: card.ts, action: 'approve' });
const changed = await seen('viewer', `R-1 approved by <@${people.approver}>`);
assert.equal(changed.ts, card.ts);
await seen('approver', 'thank you');
assert.ok(!(await messages('viewer')).some((m) => m.text === 'thank you'));
await until('the file is in the thread', async () => (await messages('viewer', card.ts)).some((m) => m.files?.[0]?.name === 'curve.csv'));

console.log('after a lost socket the app comes back, which takes it five seconds');
let back = false;
app.receiver.client.once('connected', () => { back = true; });
await act('faults', { kind: 'slack.disconnect', count: 1 });
await until('the app is connected again', () => back, 30);
await act('say', { as: 'viewer', text: '/itms help' });
await seen('viewer', 'ask me anything');

console.log('refusals have the words of Slack');
const web = new WebClient(token, { slackApiUrl });
const code = (data) => (e) => e.code === ErrorCode.PlatformError && e.data.error === data;
await assert.rejects(web.chat.postMessage({ channel: 'C0NONE', text: 'x' }), code('channel_not_found'));
await assert.rejects(web.chat.update({ channel, ts: '1.000001', text: 'x' }), code('message_not_found'));
await assert.rejects(new WebClient('xoxb-else', { slackApiUrl }).auth.test(), code('invalid_auth'));

console.log('a rate limit is waited out, or told with its time');
let waited = 0;
web.on(WebClientEvent.RATE_LIMITED, (seconds) => { waited += seconds; });
await act('faults', { kind: 'slack.rate-limited', target: 'chat.postMessage', count: 1 });
assert.ok((await web.chat.postMessage({ channel, text: 'after a second' })).ok);
assert.equal(waited, 1);
await act('faults', { kind: 'slack.rate-limited', target: 'chat.postMessage', count: 1 });
await assert.rejects(new WebClient(token, { slackApiUrl, rejectRateLimitedCalls: true }).chat.postMessage({ channel, text: 'x' }),
  (e) => e.code === ErrorCode.RateLimitedError && e.retryAfter === 1);

assert.deepEqual(trouble, []);
await app.stop();
process.exit(0);
