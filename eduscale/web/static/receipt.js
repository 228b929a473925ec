// A receipt in plain words: what was read, what was understood, what was not, and what can be done now.

import { exportUrl, firstRows, rejectsOf, rejectsUrl } from './api.js';
import { correctedView, correctionView } from './corrections.js';
import { columnHead, dataTable, el, plainTable } from './dom.js';
import { guessValue, say, size, sureness, when } from './words.js';

const FIRST_PROBLEMS = 20;
const FIRST_LINES = 100;
const FIRST_SHARED = 3;
const FIRST_PLACES = 12;

/**
 * Return the whole of a receipt, which has besides the service's facts the name under which the file was sent now,
 * `sentAs`; `actions` are what its buttons do: `undo(receipt)`, `look(dataset)`, `decide(receipt, replaces)`,
 * `correct(receipt, change, onStep)`, `forget(receipt)`; `why(error)` says why one could not be done.
 */
export function receiptView(receipt, actions) {
  const isIn = receipt.state === 'loaded';
  return [
    head(receipt),
    receipt.duplicate && isIn ? el('p', { class: 'note' }, duplicateText(receipt)) : null,
    receipt.error ? el('p', { class: 'wrong' }, receipt.error.message) : null,
    receipt.state === 'undone' ? el('p', {}, say('undone')) : null,
    isIn ? sharedView(receipt, actions) : null,
    isIn ? replacedView(receipt) : null,
    isIn ? correctedView(receipt, actions) : null,
    isIn ? unreadView(receipt) : null,
    isIn ? receipt.tables.map((table) => tableView(receipt, table, actions)) : null,
    isIn ? linesView(receipt) : null,
    isIn ? el('div', { class: 'row end' }, el('button', {
      type: 'button', class: 'risky quiet', onclick: () => actions.undo(receipt),
    }, say('undo'))) : null,
  ].flat();
}

/** Return one sentence that says what became of a file. */
export function receiptInShort(receipt) {
  if (receipt.state !== 'loaded') return `${receipt.sentAs}: ${receipt.error?.message ?? say(`state_${receipt.state}`)}`;
  return `${receipt.sentAs}: ${say('rowsRead', { n: rowsOf(receipt) })}`;
}

/** Return how many rows were read from a file. */
export const rowsOf = ({ tables }) => tables.reduce((total, { rows }) => total + rows, 0);

/** Return what has become of a file, as a key of the dictionary. */
export function stateOf({ state, duplicate, replaced_by: by }) {
  if (state !== 'loaded') return state;
  if (by) return 'replaced';
  return duplicate ? 'duplicate' : state;
}

function head(receipt) {
  const state = stateOf(receipt);
  const facts = [receipt.region, when(receipt.received_at), size(receipt.size_bytes), receipt.sender].filter(Boolean).join(' · ');
  return el('header', { class: 'row' },
    el('h3', {}, receipt.sentAs),
    el('span', { class: `tag ${state}` }, say(`state_${state}`)),
    el('span', { class: 'hint' }, facts));
}

function duplicateText({ filename, sentAs }) {
  return filename === sentAs ? say('duplicate') : say('duplicateAs', { name: filename });
}

// The same again

/** Return what older files hold of this one's rows, and a button for each thing that can be done about it. */
function sharedView(receipt, actions) {
  if (receipt.replaced_by || !receipt.shares_rows_with.length) return null;
  const shared = receipt.shares_rows_with, older = shared.filter(({ kind }) => kind === 'newer');
  const more = shared.length - FIRST_SHARED;
  const button = (text, decision, kind = {}) => el('button', {
    type: 'button', onclick: () => actions.decide(receipt, decision), ...kind,
  }, text);
  return el('div', { class: 'note shared' },
    shared.slice(0, FIRST_SHARED).map(({ message }) => el('p', {}, message)),
    more > 0 ? el('p', {}, say('moreShared', { n: more })) : null,
    el('p', { class: 'hint' }, say('countedTwice')),
    el('div', { class: 'row' },
      older.length ? button(replaceText(older, shared), 'auto', { class: 'main' }) : null,
      button(say('keepAll', { n: shared.length }), null)));
}

/** Return what the button that replaces says: which file, where it is only one of those that are named. */
function replaceText(older, shared) {
  if (older.length === 1 && shared.length > 1) return say('replaceOne', { name: older[0].filename });
  return say('replaceOlder', { n: older.length });
}

/** Return that a file took the place of others. */
export const replacedText = ({ replaces, also_replaces: others }) =>
  (replaces ? say('hasReplaced', { n: 1 + others.length }) : '');

/** Return that a file was kept beside those with which it shared rows. */
export const keptText = (receipt) => say('allKept', { n: receipt.shares_rows_with.length });

function replacedView(receipt) {
  if (receipt.replaced_by) return el('p', { class: 'note' }, say('isReplaced'));
  return receipt.replaces ? el('p', {}, replacedText(receipt)) : null;
}

/** Return the warnings of an answer or a dataset as notes. */
export const warningsView = (warnings) => warnings.map(({ message }) => el('p', { class: 'note' }, message));

function tableView(receipt, table, actions) {
  return el('section', { class: 'table' },
    receipt.tables.length > 1 ? el('h4', {}, say('sheet', { name: table.name })) : null,
    el('p', { class: 'counts' }, countsOf(table)),
    problemsView(ofTable(table), table.problem_count - table.problems.length),
    understoodView(table, { correct: (...change) => actions.correct(receipt, ...change), why: actions.why }),
    rowsView(receipt, table),
    el('div', { class: 'row' },
      el('span', {}, say('inDataset'), ' ', el('code', {}, table.dataset)),
      el('button', { type: 'button', onclick: () => actions.look(table.dataset) }, say('ask')),
      downloads(table.dataset)));
}

/** Return links to a whole dataset as files. */
export function downloads(dataset) {
  return ['csv', 'xlsx'].map((format) => el('a', {
    class: 'button', href: exportUrl(dataset, format), download: `${dataset}.${format}`,
    'aria-label': say('download', { dataset, format: format.toUpperCase() }),
  }, format.toUpperCase()));
}

function countsOf(table) {
  const aside = table.set_aside_rows, left = table.rejected_rows;
  return [
    el('strong', {}, say('rowsRead', { n: table.rows })),
    aside ? say('rowsAside', { n: aside }) : null,
    say(left ? 'rowsLeft' : 'noneLeft', { n: left }),
    ofTable(table).length ? null : say('noProblems'),
  ].filter(Boolean).flatMap((part) => [part, ' ']);
}

// What was not understood

// A receipt names the files of an archive that could not be read with its first table.
const isOfArchive = ({ code }) => code === 'member_unread';
const ofTable = ({ problems }) => problems.filter((problem) => !isOfArchive(problem));

/** Return which files of an archive could not be read, and why. */
function unreadView({ tables }) {
  const unread = tables.flatMap(({ problems }) => problems.filter(isOfArchive));
  if (!unread.length) return null;
  return el('div', { class: 'problems' }, el('h4', {}, say('unread', { n: unread.length })),
    el('ul', {}, unread.map(({ message }) => el('li', {}, message))));
}

/** Return the lines that are in no table and the cells that were left empty, fetched when they are asked for. */
function linesView(receipt) {
  const mayHave = ({ set_aside_rows: aside, rejected_rows: left, problems }) =>
    aside || left || problems.some(({ row }) => row !== null);
  if (!receipt.tables.some(mayHave)) return null;
  const list = el('ul');
  const files = ['xlsx', 'csv'].map((format) => el('a', {
    class: 'button', href: rejectsUrl(receipt.upload_id, format), download: '',
    'aria-label': say('downloadLines', { format: format.toUpperCase() }),
  }, format.toUpperCase()));
  const details = el('details', {}, el('summary', {}, say('seeLines')), list);
  details.addEventListener('toggle', async () => {
    const lines = await rejectsOf(receipt.upload_id);
    list.replaceChildren(...lines.slice(0, FIRST_LINES).map(lineView));
    if (lines.length) list.before(el('p', { class: 'row' }, say('linesAsFile'), files));
    else list.append(el('li', {}, say('noLines')));
  }, { once: true });
  return details;
}

function lineView({ kind, row, column, raw }) {
  const place = [say('atRows', { n: 1, rows: row }), column].filter(Boolean).join(' · ');
  return el('li', {}, el('strong', {}, place), ' ', say(`kind_${kind}`), ': ', raw);
}

/** Return problems as a list, the same of many rows as one; `unlisted` more are counted only. */
function problemsView(problems, unlisted) {
  if (!problems.length) return null;
  const groups = grouped(problems);
  const list = el('ul', {}, groups.slice(0, FIRST_PROBLEMS).map(problemView));
  const rest = groups.slice(FIRST_PROBLEMS);
  const more = rest.length ? el('button', {
    type: 'button',
    onclick: () => { list.append(...rest.map(problemView)); more.remove(); },
  }, say('more', { n: rest.length })) : null;
  return el('div', { class: 'problems' },
    el('h4', {}, say('problems', { n: groups.length })), list, more,
    unlisted > 0 ? el('p', { class: 'hint' }, say('unlisted', { n: unlisted })) : null);
}

/** Return problems that say the same of the same column as one, with all their rows. */
function grouped(problems) {
  const groups = new Map();
  for (const { row, column, message } of problems) {
    const key = JSON.stringify([column, message]);
    if (!groups.has(key)) groups.set(key, { column, message, rows: [] });
    if (row !== null) groups.get(key).rows.push(row);
  }
  return [...groups.values()];
}

function problemView({ column, message, rows }) {
  const shown = rows.slice(0, FIRST_PLACES).join(', '), rest = rows.length - FIRST_PLACES;
  const place = [rows.length ? say('atRows', { n: rows.length, rows: shown }) + (rest > 0 ? say('andRows', { n: rest }) : '') : null, column].filter(Boolean).join(' · ');
  return el('li', {}, place ? el('strong', {}, place) : null, place ? ': ' : null, message);
}

// What was understood

function understoodView(table, act) {
  const general = table.guesses.filter((guess) => guess.column === null);
  return el('div', { class: 'understood' },
    general.length ? el('dl', {}, general.map((guess) => guessView(guess, table, act))) : null,
    el('details', { class: 'columns' }, el('summary', {}, columnsInShort(table)), columnsView(table, act)));
}

function guessView(guess, table, act) {
  return el('div', {},
    el('dt', {}, say(`what_${guess.what}`, {}, guess.what.replaceAll('_', ' '))),
    el('dd', {}, el('strong', {}, guessValue(guess)), ' ', sureView(guess),
      el('small', {}, guess.evidence), correctionView(guess, table, '', act)));
}

function sureView(guess) {
  const level = sureness(guess);
  const runnerUp = level === 'certain' || !guess.alternatives.length ? null : guess.alternatives[0].value;
  return el('span', { class: `sure ${level}` },
    say(level), runnerUp === null ? '' : say('orElse', { other: guessValue({ ...guess, value: runnerUp }) }));
}

function columnsInShort(table) {
  const unsure = typeGuesses(table).filter((guess) => sureness(guess) === 'check').length;
  return say('columns', { n: table.columns.length }) + (unsure ? `, ${say('toCheck', { n: unsure })}` : '');
}

const typeGuesses = (table) => table.guesses.filter((guess) => guess.what === 'type');

function columnsView(table, act) {
  const guesses = new Map(typeGuesses(table).map((guess) => [guess.column, guess]));
  return plainTable(say('columnsLabel'), ['asSent', 'nameHere', 'type', 'howSure', 'why'].map((key) => columnHead(say(key))),
    table.columns.map(({ label, name, type }) => {
      const guess = guesses.get(name) ?? guesses.get(label);
      const others = table.guesses.filter((each) => each.column !== null && [name, label].includes(each.column) && each !== guess);
      const correction = (each) => correctionView(each, table, label || name, act);
      return [
        el('th', { scope: 'row' }, label || say('noHeader')),
        el('td', {}, el('code', {}, name)),
        el('td', {}, say(`type_${type}`), guess ? correction(guess) : null),
        el('td', {}, guess ? sureView(guess) : ''),
        el('td', {}, guess?.evidence ?? '', others.flatMap((each) => [' ', each.evidence, correction(each)])),
      ];
    }));
}

function rowsView(receipt, table) {
  const box = el('div', { class: 'rows' });
  if (!table.rows) return box;
  const labels = new Map(table.columns.map(({ name, label }) => [name, label])); // the sender knows these
  firstRows(receipt.upload_id, table.index).then((page) => {
    const title = say(page.total > page.rows.length ? 'firstRows' : 'allRows', { n: page.rows.length, total: page.total });
    box.append(el('h4', {}, title), dataTable(title, { ...page, columns: page.columns.map((name) => labels.get(name) || name) }));
  }, (refusal) => box.append(el('p', { class: 'wrong' }, refusal.message)));
  return box;
}
