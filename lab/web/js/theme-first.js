// Runs before the first paint, so that a chosen theme does not flash the other one.
// js/theme.js has the rest.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be closed to the page; the system's preference holds then.
}
