// Words, numbers and sizes in the language of the page. The words stand in words.en.js and words.cs.js:
// `{name}` is a fact, an object holds the forms for a count `n`.

import { recall, remember } from './memory.js';

const LANGUAGES = ['en', 'cs'];

let current = 'en';
let plurals;
let words;

/** Return the language of the page: `en` or `cs`. */
export const language = () => current;

/** Return the language chosen here before, else the browser's where we speak it. */
export function preferredLanguage() {
  const remembered = recall('language');
  if (LANGUAGES.includes(remembered)) return remembered;
  return /^(cs|sk)\b/i.test(navigator.language) ? 'cs' : 'en';
}

/** Speak a language from now on, and after a reload. */
export async function speak(wanted) {
  words = (await import(`./words.${wanted}.js`)).default;
  plurals = new Intl.PluralRules(wanted);
  current = wanted;
  remember('language', wanted);
  document.documentElement.lang = wanted;
  for (const element of document.querySelectorAll('[data-t]')) {
    element.dataset.original ??= element.textContent; // English stands in the page itself
    element.textContent = say(element.dataset.t, {}, element.dataset.original);
  }
}

/** Return the words of `key` with their facts; `fallback` where there are none. */
export function say(key, facts = {}, fallback = key) {
  let text = words[key] ?? fallback;
  if (typeof text === 'object') text = (facts.n === 0 && text.zero) || (text[plurals.select(facts.n)] ?? text.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof facts[name] === 'number' ? number(facts[name]) : facts[name]));
}

/** Return how sure a guess is, as a key of the dictionary. */
export function sureness({ confidence, overridden }) {
  if (overridden || confidence >= 0.9) return 'certain';
  return confidence >= 0.7 ? 'likely' : 'check';
}

/** Return the value of a guess in words. */
export function guessValue({ what, value }) {
  if (what === 'header' || what === 'footer') return say('lines', { n: Number(value) });
  return say(`${what}_${value}`, {}, String(value));
}

/** Return a count as it is written in the language. */
export const number = (value) => value.toLocaleString(current);

/** Return a share, 0 to 1, in whole percent. */
export const percentage = (share) => share.toLocaleString(current, { style: 'percent', maximumFractionDigits: 0 });

/** Return the day of a time as it is written in the language. */
export const day = (time) =>
  new Date(time).toLocaleDateString(current === 'en' ? 'en-GB' : current, { dateStyle: 'medium' });

/** Return the day and the minute of a time as they are written in the language. */
export const when = (time) => new Date(time).toLocaleString(
  current === 'en' ? 'en-GB' : current, { dateStyle: 'medium', timeStyle: 'short' });

/** Return a size in bytes for people. */
export function size(bytes) {
  const [unit, scale] = bytes < 1e3 ? ['B', 1] : bytes < 1e6 ? ['kB', 1e3] : ['MB', 1e6];
  return `${number(Math.round(bytes / scale * 10) / 10)} ${unit}`;
}

/** Return a cell's value as text, every digit kept. */
export function cellText(value, type) {
  if (value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  if (type === 'boolean') return say(String(value));
  if (type === 'date' || type === 'datetime' || type === 'time') return momentText(String(value), type);
  return type === 'decimal' && current === 'cs' ? String(value).replace('.', ',') : String(value);
}

/** Return whether a moment is none, or the midnight that begins a day. */
export const isDay = (value) => value === null || /[T ]00:00(?::00(?:[.]0+)?)?$/.test(value);

const MOMENT = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[T ])(\d\d):(\d\d)(?::(\d\d(?:[.]\d+)?))?(Z|[-+]\d\d(?::?\d\d)?)?)?$/;

/** Return a date, a time or both, which come in ISO 8601, as they are written in the language. */
function momentText(text, type) {
  const found = MOMENT.exec(text);
  if (!found) return text; // years of five digits, or before Christ
  const [, year, month, date, hour, minute, second, zone] = found, isCzech = current === 'cs';
  const day = year && (isCzech ? `${Number(date)}. ${Number(month)}. ${Number(year)}` : `${year}-${month}-${date}`);
  if (type === 'date' || !hour) return day;
  const time = `${isCzech ? Number(hour) : hour}:${minute}${Number(second ?? 0) ? `:${isCzech ? second.replace('.', ',') : second}` : ''}`;
  return [day, time, zone === 'Z' ? 'UTC' : zone].filter(Boolean).join(' ');
}
