// The browser's memory of this page, as text by key; some browsers keep nothing.

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The page works without it.
  }
}
