/* The versions of rows on which edits are based.

   An edit holds the object {version} that was the row's when its value was typed. All edits that saw the same state of a row share
   one object, so that what a save of our own makes of the row counts for those that wait behind it; what somebody else makes of the
   row gets an object of its own, and edits that were typed before it stay in conflict with it.

   seen(url, version)           the object of a row as it is now; `version` is the page's, for a row that was not asked for before
   saved(url, one, version)     an edit based on `one` was stored, which made the row's version `version`
   shown(url, version)          the page shows the row as it is at `version`, whoever made it so
   moved(url, before, version)  an edit of our own took another row, its peer, from `before` to `version` */

const rows = new Map();

export function seen(url, version) {
  if (!rows.has(url)) rows.set(url, { version });
  return rows.get(url);
}

export function saved(url, one, version) {
  one.version = version;
  rows.set(url, one);
}

export function shown(url, version) {
  if (rows.get(url)?.version !== version) rows.set(url, { version });
}

export function moved(url, before, version) {
  const one = rows.get(url);
  if (one?.version === before) one.version = version;
  else shown(url, version);
}
