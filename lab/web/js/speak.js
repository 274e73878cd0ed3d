// What screen readers hear by themselves: at most one sentence in five seconds, the
// newest one; only a lost connection interrupts.
import { byId } from './dom.js';

const pause = 5000;
let waiting = '';
let timer = 0;

/** Speaks a sentence when it is due, unless a newer one comes first. */
export function speak(text) {
  waiting = text ?? '';
  if (!timer) say();
}

function say() {
  timer = 0;
  if (!waiting) return;
  byId('spoken').textContent = waiting.replace(/<[^<>|]*\|([^<>]*)>|<[^<>]*>/g, '$1');
  waiting = '';
  timer = setTimeout(say, pause);
}

/** Interrupts the reader. */
export function alarm(text) {
  byId('alarm').textContent = text;
}
