// A receipt in plain words: what was read, what was understood, what was not, and what can be done now.

import { exportUrl, firstRows, rejectsOf, rejectsUrl } from './api.js';
import { correctedView, correctionView } from './corrections.js';
import { columnHead, dataTable, el, plainTable } from './dom.js';
import { guessValue, say, size, sureness } from './words.js';

const FIRST_PROBLEMS = 20;
const FIRST_LINES = 100;
const FIRST_SHARED = 3;

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
  return `${receipt.sentAs}: ${say('rowsRead', { n: sum(receipt.tables, 'rows') })}`;
}

function head(receipt) {
  const state = receipt.duplicate && receipt.state === 'loaded' ? 'duplicate' : receipt.state;
  const facts = [receipt.region, size(receipt.size_bytes), receipt.sender].filter(Boolean).join(' · ');
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
  const canReplace = receipt.newer_version_of !== null;
  const more = receipt.shares_rows_with.length - FIRST_SHARED;
  const button = (text, decision, kind = {}) => el('button', {
    type: 'button', onclick: () => actions.decide(receipt, decision), ...kind,
  }, say(text));
  return el('div', { class: 'note shared' },
    receipt.shares_rows_with.slice(0, FIRST_SHARED).map(({ message }) => el('p', {}, message)),
    more > 0 ? el('p', {}, say('moreShared', { n: more })) : null,
    el('p', { class: 'hint' }, say('countedTwice')),
    el('div', { class: 'row' },
      canReplace ? button('replaceOlder', 'auto', { class: 'main' }) : null,
      button('keepBoth', null)));
}

function replacedView({ replaces, replaced_by: by }) {
  if (by) return el('p', { class: 'note' }, say('isReplaced'));
  return replaces ? el('p', {}, say('hasReplaced')) : null;
}

/** Return the warnings of an answer or a dataset as notes. */
export const warningsView = (warnings) => warnings.map(({ message }) => el('p', { class: 'note' }, message));

function tableView(receipt, table, actions) {
  return el('section', { class: 'table' },
    receipt.tables.length > 1 ? el('h4', {}, say('sheet', { name: table.name })) : null,
    el('p', { class: 'counts' }, countsOf(table)),
    problemsView(table),
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
  const aside = table.set_aside_rows, left = table.rejected_rows, problems = problemCount(table);
  return [
    el('strong', {}, say('rowsRead', { n: table.rows })),
    aside ? say('rowsAside', { n: aside }) : null,
    say(left ? 'rowsLeft' : 'noneLeft', { n: left }),
    problems ? null : say('noProblems'),
  ].filter(Boolean).flatMap((part) => [part, ' ']);
}

const problemCount = (table) => table.problem_count ?? table.problems.length;

// What was not understood

/** Return the lines that are in no table and the cells that were left empty, fetched when they are asked for. */
function linesView(receipt) {
  if (!receipt.tables.some((table) => table.set_aside_rows + table.rejected_rows + problemCount(table))) return null;
  const list = el('ul');
  const files = ['xlsx', 'csv'].map((format) => el('a', {
    class: 'button', href: rejectsUrl(receipt.upload_id, format), download: '',
    'aria-label': say('downloadLines', { format: format.toUpperCase() }),
  }, format.toUpperCase()));
  const details = el('details', {}, el('summary', {}, say('seeLines')),
    el('p', { class: 'row' }, say('linesAsFile'), files), list);
  details.addEventListener('toggle', async () => {
    const lines = await rejectsOf(receipt.upload_id);
    list.replaceChildren(...lines.slice(0, FIRST_LINES).map(lineView));
    if (!lines.length) list.append(el('li', {}, say('noLines')));
  }, { once: true });
  return details;
}

function lineView({ kind, row, column, raw }) {
  const place = [say('atRows', { n: 1, rows: row }), column].filter(Boolean).join(' · ');
  return el('li', {}, el('strong', {}, place), ' ', say(`kind_${kind}`), ': ', raw);
}

function problemsView(table) {
  if (!table.problems.length) return null;
  const groups = grouped(table.problems);
  const list = el('ul', {}, groups.slice(0, FIRST_PROBLEMS).map(problemView));
  const rest = groups.slice(FIRST_PROBLEMS);
  const more = rest.length ? el('button', {
    type: 'button',
    onclick: () => { list.append(...rest.map(problemView)); more.remove(); },
  }, say('more', { n: rest.length })) : null;
  const unlisted = problemCount(table) - table.problems.length;
  return el('div', { class: 'problems' },
    el('h4', {}, say('problems', { n: problemCount(table) })), list, more,
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
  const shown = rows.slice(0, 12).join(', ') + (rows.length > 12 ? ' …' : '');
  const place = [rows.length ? say('atRows', { n: rows.length, rows: shown }) : null, column].filter(Boolean).join(' · ');
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

const sum = (items, key) => items.reduce((total, item) => total + item[key], 0);
