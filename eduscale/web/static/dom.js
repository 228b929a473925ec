// Building elements. Data from outside becomes text nodes only, never markup.

import { cellText, isDay, percentage, say } from './words.js';

/** Return an element with properties (`class`, `aria-…`, `data-…` are set as attributes) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/** Return the element of that id. */
export const byId = (id) => document.getElementById(id);

/** Tell people who do not see the screen what has just happened. */
export function announce(text) {
  byId('announce').textContent = text;
}

/** Return a box of its own in which a wide table scrolls sideways; it can be reached and scrolled by keyboard. */
function scrolling(label, table) {
  return el('div', { class: 'scroll', role: 'region', tabIndex: 0, 'aria-label': label }, table);
}

/** Return the head of a column. */
export const columnHead = (...content) => el('th', { scope: 'col' }, ...content);

/** Return a table of column heads and rows of cells. */
export function plainTable(label, heads, rows) {
  return scrolling(label, el('table', {},
    el('thead', {}, el('tr', {}, heads)),
    el('tbody', {}, rows.map((cells) => el('tr', {}, cells)))));
}

/** Return rows of data as the API gives them: `columns`, `types`, `rows`; moments at midnight only are days. */
export function dataTable(label, { columns, types, rows }) {
  const shownAs = types.map((type, place) =>
    (type === 'datetime' && rows.every((row) => isDay(row[place])) ? 'date' : type));
  const heads = columns.map((name, place) =>
    el('th', { scope: 'col', class: `is-${types[place]}` }, name, el('small', {}, say(`type_${types[place]}`))));
  return plainTable(label, heads, rows.map((row) => row.map((value, place) =>
    el('td', { class: `is-${types[place]}` }, cellText(value, shownAs[place])))));
}

/** Return a bar with what is done below it, and a function that shows a step of it: `onStep(name, { share, seconds })`. */
export function stepsView(label) {
  const said = el('p', { class: 'said', role: 'status' });
  const percent = el('span', { class: 'hint', 'aria-hidden': 'true' }); // the bar says it to who does not see it
  const bar = el('progress', { max: 1, 'aria-label': label });
  const onStep = (step, { share = 0, seconds } = {}) => {
    const text = say(`step_${step}`, { n: seconds });
    percent.textContent = share ? percentage(share) : '';
    if (share) bar.value = share;
    else bar.removeAttribute('value'); // something is done, nobody knows how much of it
    bar.setAttribute('aria-valuetext', share ? `${text} ${percentage(share)}` : text);
    if (said.textContent !== text) said.textContent = text; // a live region is heard once for each step
  };
  return { view: [bar, el('div', { class: 'row' }, said, percent)], onStep };
}
