// What this browser remembers between visits; nothing where storage is switched off.

/** Keep a value. */
export function remember(key, value) {
  try { localStorage.setItem(`eduscale.${key}`, value); } catch { /* then it is asked for again */ }
}

/** Return a value kept before, or null. */
export function recall(key) {
  try { return localStorage.getItem(`eduscale.${key}`); } catch { return null; }
}
