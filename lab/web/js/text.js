// Slack's text objects, {type, text}, as nodes.
import { emojiOf, mrkdwn } from './mrkdwn.js';

/** The nodes for a text object, mrkdwn or plain. */
export function textObject(text) {
  if (!text) return '';
  if (typeof text === 'string') return text;
  return text.type === 'mrkdwn' ? mrkdwn(text.text ?? '', { verbatim: text.verbatim }) : plainText(text);
}

/** The nodes for plain text, in which emoji alone are drawn. */
export function plainText(text) {
  const words = text?.text ?? '';
  if (text?.emoji === false) return words;
  return words.split(/(:warning:)/).filter(Boolean).map((part) => (part === ':warning:' ? emojiOf('warning') : part));
}
