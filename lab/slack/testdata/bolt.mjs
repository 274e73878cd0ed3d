// A small app on Slack's own framework, to see that the workspace in this
// folder is one to clients that were not written here. See bolt_test.go.
import bolt from '@slack/bolt';

const { App, LogLevel } = bolt;
const slackApiUrl = process.env.SLACK_API_URL;
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.WARN,
  clientOptions: { slackApiUrl },
});
const text = (s) => ({ type: 'plain_text', text: s });
const modal = {
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
app.action('approve', async ({ ack, body, client, respond }) => {
  await ack();
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: 'Approved' });
  await respond({ text: 'thank you', response_type: 'ephemeral', replace_original: false });
  const bytes = 'time,queue\n1,9000\n';
  await client.filesUploadV2({ filename: 'curve.csv', content: bytes, channel_id: body.channel.id, thread_ts: body.message.ts });
});
app.action('leave', async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: modal });
});
app.view('reason', async ({ ack, view, client }) => {
  const why = view.state.values.why.text.value;
  if (why.length < 5) return ack({ response_action: 'errors', errors: { why: 'too short' } });
  await ack();
  await client.chat.postMessage({ channel: process.env.SLACK_CHANNEL, text: `left: ${why}` });
});
app.error(async (e) => console.error('bolt error', e));
await app.start();
console.log('ready');
