// Correcting what the reader guessed: beside each guess a small form; the file is then read again.

import { el, stepsView } from './dom.js';
import { guessValue, say } from './words.js';

const KNOWN = {
  encoding: ['UTF-8', 'windows-1250', 'windows-1252', 'ISO-8859-2', 'cp852', 'UTF-16 LE'],
  delimiter: [';', ',', 'tab', '|', 'fixed width', 'none'],
  quote: ['"', "'", 'none'],
  decimal_mark: [',', '.'],
  date_order: ['dm', 'md'],
  sheet: [],
  json_table: [],
  type: ['text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'time', 'duration'],
  unit: ['none', 'text', '%', 'Kč', '€'],
  time_zone: ['local', 'UTC'],
  value_labels: ['labels', 'codes'],
  missing_labels: [''],
  renamed_from: [],
  multiple_choice: ['text', 'columns'],
  renamed_from: [],
};
const COUNTS = ['header', 'footer'];
const WORDS = ['null_words', 'missing_codes'];
const MOST_ROWS = 1000;
const SLOW_MS = 1000; // a reading that takes longer shows how far it is

/**
 * Return a form, folded away, that corrects a guess of a table; null where the guess is of a kind that cannot be.
 * `act.correct(change, onStep)` reads the file again and `act.why(error)` says why it could not.
 */
export function correctionView(guess, table, about, act) {
  const field = fieldFor(guess);
  if (!field) return null;
  const title = [say(`what_${guess.what}`, {}, guess.what), about].filter(Boolean).join(', ');
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const send = async (value) => {
    wrong.textContent = '';
    form.inert = true;
    button.textContent = say('step_reading');
    const { view, onStep } = stepsView(title);
    const slow = setTimeout(() => form.after(...view), SLOW_MS);
    try {
      await act.correct({ table: table.index, column: guess.column, what: guess.what, value }, onStep);
    } catch (error) {
      form.inert = false;
      button.textContent = say('readAgain');
      wrong.textContent = act.why(error);
      field.focus();
    } finally {
      clearTimeout(slow);
      for (const part of view) part.remove();
    }
  };
  const button = el('button', {}, say('readAgain'));
  const form = el('form', { class: 'row', onsubmit: (event) => { event.preventDefault(); send(valueOf(field)); } },
    el('label', {}, el('span', { class: 'unseen' }, title), field), button,
    guess.overridden ? el('button', { type: 'button', class: 'quiet', onclick: () => send(null) }, say('giveBack')) : null);
  return el('details', { class: 'fix' }, el('summary', { 'aria-label': `${say('change')}: ${title}` }, say('change')), form, wrong);
}

/** Return that a file was read as somebody decided, and a button that forgets it; null where nothing was decided. */
export function correctedView(receipt, actions) {
  if (!receipt.tables.some((table) => table.guesses.some((guess) => guess.overridden))) return null;
  return el('div', { class: 'note row' }, el('p', {}, say('corrected')),
    el('button', { type: 'button', onclick: () => actions.forget(receipt) }, say('forget')));
}

function fieldFor(guess) {
  if (COUNTS.includes(guess.what)) {
    return el('input', { type: 'number', min: 0, max: MOST_ROWS, required: true, value: guess.value });
  }
  if (WORDS.includes(guess.what)) return el('input', { value: guess.value });
  if (!(guess.what in KNOWN) || (guess.what === 'time_zone' && !guess.column)) return null;
  const values = [...new Set([guess.value, ...guess.alternatives.map(({ value }) => value), ...KNOWN[guess.what]])];
  if (values.length < 2) return null;
  return el('select', {}, values.map((value) => el('option', { value }, guessValue({ ...guess, value }))));
}

const valueOf = (field) => (field.type === 'number' ? field.valueAsNumber : field.value);
