// Light, dark, or what the system prefers. Kept in this browser, never in an address.

const order = ['', 'light', 'dark'];

/** The theme in a word. */
export const themeName = () => document.documentElement.dataset.theme || 'system';

/** Goes on to the next theme. */
export function nextTheme() {
  const current = document.documentElement.dataset.theme ?? '';
  const next = order[(order.indexOf(current) + 1) % order.length];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  try {
    if (next) localStorage.setItem('theme', next);
    else localStorage.removeItem('theme');
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}
