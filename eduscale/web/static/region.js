// The region: what may be written there, and which spelling is known already.

import { byId, el } from './dom.js';
import { say } from './words.js';

const REGION = /^[A-Za-z0-9-]{1,64}$/;

let known = [];
let kept = null; // a new spelling that a person wants

/** Return the region as written. */
export const region = () => byId('region').value.trim();

/** Offer regions that have sent something before. */
export function offerRegions(regions) {
  known = regions;
  byId('regions').replaceChildren(...known.map((value) => el('option', { value })));
  showSpelling();
}

/** Return whether what is written can be sent as it is; if not, say why beside the field and go there. */
export function checkRegion() {
  if (!checkCharacters()) {
    byId('region').focus();
    return false;
  }
  byId('region-known').querySelector('button')?.focus();
  return otherSpelling() === undefined;
}

/** Look at the region while it is written. */
export function listenToRegion() {
  byId('region').addEventListener('input', () => {
    if (byId('region').getAttribute('aria-invalid') === 'true') checkCharacters();
    showSpelling();
  });
}

function checkCharacters() {
  const isRight = REGION.test(region());
  byId('region-error').textContent = isRight ? '' : say('regionWrong');
  byId('region').setAttribute('aria-invalid', String(!isRight));
  return isRight;
}

/** Return a known region of which the written one differs in small and capital letters only. */
function otherSpelling() {
  const written = region();
  if (written === kept || known.includes(written)) return undefined;
  return known.find((name) => name.toLowerCase() === written.toLowerCase());
}

function showSpelling() {
  const other = otherSpelling(), written = region(), box = byId('region-known');
  if (other === undefined) {
    box.replaceChildren();
    return;
  }
  const settle = (value) => {
    kept = value;
    byId('region').value = value;
    byId('region').focus();
    box.replaceChildren();
  };
  box.replaceChildren(el('p', {}, say('regionKnown', { known: other, written })),
    ...[['regionUse', other], ['regionKeep', written]].map(([key, name]) =>
      el('button', { type: 'button', onclick: () => settle(name) }, say(key, { name }))));
}
