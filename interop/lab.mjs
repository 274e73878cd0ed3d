// The lab as the strangers written in JavaScript use it: what lab.json says, and
// what people do, as HTTP (docs/lab.md).
import fs from 'node:fs';

export const lab = JSON.parse(fs.readFileSync(process.env.LAB, 'utf8'));

/** What an installed module calls itself. */
export const versionOf = (module) =>
  JSON.parse(fs.readFileSync(new URL(`node_modules/${module}/package.json`, import.meta.url), 'utf8')).version;

const answer = async (response) => {
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(`${response.status} ${body.error}`), { status: response.status, body });
  return body;
};

const within = () => AbortSignal.timeout(10_000);

export const look = async (path) => answer(await fetch(`${lab.page}lab/${path}`, { signal: within() }));

export const act = async (path, call) => answer(await fetch(`${lab.page}lab/${path}`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(call), signal: within(),
}));

/** Looks until something is found, for so many seconds. */
export async function until(what, find, seconds = 10) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`it never came: ${what}`);
}
