// The files sent so far: a line each, newest first, that opens the whole receipt.

import { listUploads } from './api.js';
import { byId, el } from './dom.js';
import { recall } from './memory.js';
import { rowsOf, stateOf } from './receipt.js';
import { say, when } from './words.js';

const AT_ONCE = 10;
const MOST_AT_ONCE = 500; // what the service lists at once

let region = recall('region') ?? ''; // none: files of all regions
let regions = []; // that have sent something
let next = null; // where the list goes on
let asked = 0;
let why;
let open;

/** Let the controls of the list work; `actions` are `open(id)` and `why(error)`, which words a refusal. */
export function listenToSent(actions) {
  ({ open, why } = actions);
  byId('sent-more').addEventListener('click', async () => {
    const shown = byId('sent').children.length;
    await load(AT_ONCE, next);
    byId('sent').children[shown]?.firstElementChild.focus();
  });
  byId('sent-region').addEventListener('change', (event) => showSentOf(event.target.value));
}

/** Show the files of a region from now on. */
export function showSentOf(wanted) {
  region = wanted;
  showSentRegions(regions);
  byId('sent').replaceChildren();
  return showSent();
}

/** Offer these regions, beside the one whose files are shown. */
export function showSentRegions(found) {
  regions = found;
  const all = [...new Set([...regions, region])].filter(Boolean).sort();
  byId('sent-region').replaceChildren(el('option', { value: '' }, say('allRegions')),
    ...all.map((name) => el('option', { value: name }, name)));
  byId('sent-region').value = region;
}

/** Show the list as it is now, as far as it was shown. */
export function showSent() {
  return load(Math.min(MOST_AT_ONCE, Math.max(AT_ONCE, byId('sent').children.length)));
}

async function load(limit, cursor = null) {
  const list = byId('sent'), turn = asked += 1;
  try {
    const { items, next_cursor: following } = await listUploads(region, limit, cursor);
    if (turn !== asked) return; // a later answer counts
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.upload : null;
    if (cursor === null) list.replaceChildren();
    list.append(...items.map(lineView));
    list.querySelector(`[data-upload="${focused}"]`)?.focus();
    next = following;
    byId('sent-more').hidden = next === null;
    byId('sent-said').textContent = list.children.length ? '' : say('noneSent');
  } catch (error) {
    if (turn === asked) byId('sent-said').textContent = why(error);
  }
}

function lineView(receipt) {
  const facts = [
    when(receipt.received_at), receipt.state === 'loaded' ? say('rows', { n: rowsOf(receipt) }) : null,
    region ? null : receipt.region, receipt.sender,
  ].filter(Boolean).join(' · ');
  const state = stateOf(receipt);
  return el('li', {}, el('button', {
    type: 'button', class: 'line', 'data-upload': receipt.upload_id, onclick: () => open(receipt.upload_id),
  }, el('strong', {}, receipt.filename), ' ', el('span', { class: `tag ${state}` }, say(`state_${state}`)), ' ',
  el('small', {}, facts)));
}
