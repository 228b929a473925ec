// The page: what people do on it, joined to what answers.

import * as api from './api.js';
import { announce, byId, dataTable, el, stepsView } from './dom.js';
import { recall, remember } from './memory.js';
import { downloads, keptText, receiptInShort, receiptView, replacedText, warningsView } from './receipt.js';
import { checkRegion, listenToRegion, offerRegions, region } from './region.js';
import { listenToSent, showSent, showSentOf, showSentRegions } from './sent.js';
import { day, language, number, preferredLanguage, say, size, speak } from './words.js';

const SAMPLE_REGION = 'sample';

let chosen = [];
let queue = Promise.resolve();
const cards = new Map(); // receipts on the page, by card

// Choosing and sending

function choose(files) {
  chosen = [...files];
  byId('chosen').textContent = chosen.length
    ? `${say('chosen', { n: chosen.length })} ${chosen.map((file) => `${file.name} (${size(file.size)})`).join(', ')}`
    : '';
}

function submitFiles(event) {
  event.preventDefault();
  if (!checkRegion()) return;
  if (!chosen.length) {
    byId('chosen').textContent = say('chooseFirst');
    byId('files').focus();
    return;
  }
  remember('region', region());
  showSentOf(region());
  const fields = { region: region(), dataset: byId('dataset').value.trim(), sender: byId('sender').value.trim() };
  send(chosen.map((file) => ({ name: file.name, open: () => file })), fields);
  byId('files').value = '';
  choose([]);
}

/** Send files one after the other, so that one slow connection serves them in order; each has a card of its own. */
function send(files, fields) {
  const waiting = files.map(({ name, open }) => {
    const card = el('li', { class: 'panel card' });
    const onStep = stepsOf(card, name);
    onStep('waiting');
    return { card, name, open, onStep };
  });
  byId('uploads').prepend(...waiting.map(({ card }) => card));
  byId('uploads').scrollIntoView();
  for (const one of waiting) queue = queue.then(() => sendOne(one, fields));
}

async function sendOne({ card, name, open, onStep }, fields) {
  try {
    onStep('sending', { share: 0 });
    const receipt = { ...await api.sendFile(await open(), fields, onStep), sentAs: name };
    show(card, receipt);
    announce(receiptInShort(receipt));
    if (!byId('sql').value && receipt.tables.length) byId('sql').value = lookAt(receipt.tables[0].dataset);
    await Promise.all([showDatasets(), showSent()]);
  } catch (error) {
    card.replaceChildren(el('h3', {}, name), el('p', { class: 'wrong', role: 'alert' }, refusalText(error)));
  }
}

/** Return a function that shows each step of a file's way in its card. */
function stepsOf(card, name) {
  const { view, onStep } = stepsView(name);
  card.replaceChildren(el('h3', {}, name), ...view);
  return onStep;
}

function show(card, receipt) {
  cards.set(card, receipt);
  card.replaceChildren(...receiptView(receipt, {
    look: putQuery,
    undo: (shown) => undo(card, shown),
    decide: (shown, replaces) => decide(card, shown, replaces),
    correct: (shown, guess, onStep) => correct(card, shown, guess, onStep),
    forget: (shown) => change(card, shown, () => api.forget(shown.upload_id), () => say('forgotten')),
    why: refusalText,
  }).filter(Boolean));
}

async function undo(card, receipt) {
  if (!await confirmed(say('undoQuestion', { name: receipt.sentAs }))) return;
  await change(card, receipt, () => api.undoUpload(receipt.upload_id), () => say('undone'));
}

/** Let a file take the place of the older ones whose rows it holds (`auto`), or keep them all (null). */
const decide = (card, receipt, replaces) => change(card, receipt, () => api.decide(receipt.upload_id, replaces),
  (decided) => (replaces ? replacedText(decided) : keptText(receipt)));

/** Have a file read again with a corrected guess; why it cannot be is for the form to say. */
async function correct(card, receipt, guess, onStep) {
  const corrected = await api.correct(receipt.upload_id, guess, onStep);
  await change(card, receipt, async () => corrected, () => say('corrected'));
  const columns = card.querySelectorAll('.columns')[guess.table];
  if (columns && guess.column !== null) columns.open = true; // there may be more to correct
}

/** Show the receipt that an action gives, say what `done` makes of it, and show everything else that may have changed with it. */
async function change(card, receipt, action, done) {
  try {
    const changed = await action();
    show(card, { ...changed, sentAs: receipt.sentAs });
    card.tabIndex = -1;
    card.focus(); // the button that had the focus is gone
    announce(done(changed));
    await Promise.all([showDatasets(), showSent(), ...[...cards.keys()].filter((other) => other !== card).map(showAnew)]);
  } catch (error) {
    card.append(el('p', { class: 'wrong', role: 'alert' }, refusalText(error)));
  }
}

function confirmed(question) {
  const dialog = byId('confirm');
  byId('confirm-text').textContent = question;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

// Samples

async function showSamples() {
  try {
    byId('samples').replaceChildren(...(await api.listSamples()).map(sampleView));
  } catch (error) {
    byId('samples').replaceChildren(el('li', { class: 'wrong' }, refusalText(error)));
  }
}

function sampleView({ name, title, description }) {
  return el('li', {}, el('button', {
    type: 'button', 'data-sample': name,
    onclick: () => send([{ name, open: () => api.getSample(name) }], { region: SAMPLE_REGION }),
  }, el('strong', {}, title), el('small', {}, description)));
}

// Datasets

async function showDatasets() {
  const said = byId('datasets-said');
  try {
    const { items } = await api.listDatasets();
    byId('datasets').replaceChildren(...items.map(datasetView));
    said.textContent = items.length ? '' : say('noDatasets');
    const regions = [...new Set(items.flatMap((dataset) => dataset.regions))].sort();
    offerRegions(regions.filter((name) => name !== SAMPLE_REGION));
    showSentRegions(regions);
  } catch (error) {
    said.textContent = refusalText(error);
  }
}

function datasetView({ name, rows, columns, regions, uploads, warnings }) {
  const facts = [say('rows', { n: rows }), say('columns', { n: columns.length }), regions.join(', ')].join(' · ');
  return el('li', { class: 'row dataset' },
    el('code', {}, name), el('span', { class: 'hint' }, facts),
    el('button', { type: 'button', 'aria-label': `${say('ask')}: ${name}`, onclick: () => putQuery(name) }, say('ask')),
    downloads(name), warnings.map(warningView),
    uploads.length > 1 ? changesView(name) : null);
}

/** Return a warning with a way to the receipt in which it is decided. */
function warningView({ message, upload_ids: [newer] }) {
  return el('div', { class: 'note row' }, el('p', {}, message),
    el('button', { type: 'button', onclick: () => openReceipt(newer) }, say('openReceipt')));
}

/** Show the receipt of a file that was sent some time ago, or go to the card that shows it already. */
async function openReceipt(id) {
  let card = [...cards.keys()].find((each) => cards.get(each).upload_id === id);
  if (!card) {
    card = el('li', { class: 'panel card' });
    byId('uploads').prepend(card);
    try {
      const receipt = await api.getReceipt(id);
      show(card, { ...receipt, sentAs: receipt.filename });
    } catch (error) {
      card.replaceChildren(el('p', { class: 'wrong', role: 'alert' }, refusalText(error)));
    }
  }
  card.tabIndex = -1;
  card.focus();
}

/** Return how the columns of a dataset changed and since which file, fetched when it is asked for. */
function changesView(name) {
  const list = el('ul');
  const details = el('details', { class: 'changes' },
    el('summary', { 'aria-label': `${say('seeChanges')}: ${name}` }, say('seeChanges')), list);
  details.addEventListener('toggle', async () => {
    try {
      const { changes } = await api.getDataset(name);
      list.replaceChildren(...changes.map((change) => el('li', {}, changeText(change))));
      if (!changes.length) list.append(el('li', {}, say('noChanges')));
    } catch (error) {
      list.replaceChildren(el('li', { class: 'wrong' }, refusalText(error)));
    }
  }, { once: true });
  return details;
}

function changeText({ kind, column, before, after, merged, filename, received_at: at }) {
  const shown = kind === 'retyped' ? { before: say(`type_${before}`), after: say(`type_${after}`) } : { before, after };
  return `${day(at)} · ${filename}: ${say(`change_${kind}${merged ? '_merged' : ''}`, { column, ...shown })}`;
}

// Asking

const lookAt = (dataset) => `SELECT * FROM ${/^[a-z_][a-z0-9_]*$/.test(dataset) ? dataset : `\`${dataset}\``} LIMIT 20`;

function putQuery(dataset) {
  byId('sql').value = lookAt(dataset);
  byId('sql').focus();
}

async function submitQuery(event) {
  event.preventDefault();
  const sql = byId('sql').value.trim();
  if (!sql) {
    byId('sql').focus();
    return;
  }
  byId('answer-wrong').textContent = '';
  byId('answer-said').textContent = say('running');
  try {
    showAnswer(await api.runQuery(sql));
  } catch (error) {
    byId('answer').replaceChildren();
    byId('answer-said').textContent = '';
    byId('answer-wrong').textContent = refusalText(error);
  }
}

function showAnswer(answer) {
  const facts = { n: answer.rows.length, ms: number(Math.max(1, Math.round(answer.elapsed_ms))) };
  byId('answer-said').textContent = say('answered', facts);
  byId('answer').replaceChildren(
    ...warningsView(answer.warnings),
    ...(answer.truncated ? [el('p', { class: 'note' }, say('truncated', facts))] : []),
    dataTable(say('answerLabel'), answer));
}

// Everything else

/** What the service said; what is a mistake of this page goes to the console as well. */
function refusalText(error) {
  if (error instanceof api.Refusal) return error.message;
  console.error(error);
  return say('broken');
}

async function changeLanguage(wanted) {
  await speak(wanted);
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language()));
  }
  choose(chosen);
  await Promise.all([showSamples(), showDatasets(), showSent(), ...[...cards.keys()].map(showAnew)]);
}

/** Show a receipt once more: its evidence and problems come from the service in the language asked for. */
async function showAnew(card) {
  const { upload_id: id, duplicate, sentAs } = cards.get(card);
  try {
    show(card, { ...await api.getReceipt(id), duplicate, sentAs });
  } catch (error) {
    announce(refusalText(error)); // the card stays as it was
  }
}

function listen() {
  byId('send').addEventListener('submit', submitFiles);
  byId('files').addEventListener('change', (event) => choose(event.target.files));
  listenToRegion();
  listenToSent({ open: openReceipt, why: refusalText });
  byId('query').addEventListener('submit', submitQuery);
  byId('sql').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) byId('query').requestSubmit();
  });
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => changeLanguage(button.dataset.language));
  }
  listenToDrops(byId('drop'));
}

function listenToDrops(zone) {
  const stop = (event) => event.preventDefault();
  document.addEventListener('dragover', stop);
  document.addEventListener('drop', stop); // a file dropped beside the zone must not replace the page
  zone.addEventListener('dragover', () => zone.classList.add('over'));
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    zone.classList.remove('over');
    choose(event.dataTransfer.files);
  });
}

listen();
byId('region').value = recall('region') ?? '';
changeLanguage(preferredLanguage());
