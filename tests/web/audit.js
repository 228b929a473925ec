// What a page must not have; each function returns the faults it finds.

const all = (selector) => [...document.querySelectorAll(selector)];
const visible = (selector) => all(selector).filter((element) => element.checkVisibility());
const markup = (elements) => elements.map((element) => element.outerHTML);

/** Controls that a finger can miss. */
function smallTargets() {
  return markup(visible('button, .button, summary, input:not(.unseen), textarea, label[for=files], footer a')
    .filter((element) => element.getBoundingClientRect().height < 44));
}

/** Fields, controls and regions without a name, tables without heads, broken references, skipped heading levels. */
function namesAndOrder() {
  const ids = all('[id]').map((element) => element.id);
  const references = ['aria-labelledby', 'aria-describedby', 'for'].flatMap((attribute) =>
    all(`[${attribute}]`).flatMap((element) => element.getAttribute(attribute).split(' ')));
  const levels = visible('h1, h2, h3, h4').map((heading) => Number(heading.tagName[1]));
  return [
    ...markup(all('input, textarea, select').filter((field) => !field.labels.length)),
    ...markup(all('button, a, summary').filter((control) => !(control.ariaLabel ?? control.textContent).trim())),
    ...markup(all('progress, [role=region]').filter((element) => !element.ariaLabel)),
    ...markup(all('th:not([scope]), img:not([alt])')),
    ...ids.filter((id, place) => ids.indexOf(id) !== place),
    ...references.filter((id) => !ids.includes(id)),
    ...levels.filter((level, place) => level > (levels[place - 1] ?? 0) + 1).map((level) => `h${level}`),
  ];
}

/** Text whose contrast with its ground is below 4.5, which WCAG AA asks of text of ordinary size. */
function faintText() {
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return markup(visible('body *').filter(hasText).filter((element) => {
    const tones = [luminance(parts(getComputedStyle(element).color)), luminance(ground(element))];
    return (Math.max(...tones) + 0.05) / (Math.min(...tones) + 0.05) < 4.5;
  }));
}

function ground(element) {
  const color = parts(getComputedStyle(element).backgroundColor);
  const isOpaque = color.length === 3 || color[3] === 1;
  return isOpaque || !element.parentElement ? color : ground(element.parentElement);
}

const parts = (color) => color.match(/[\d.]+/g).map(Number);

/** Relative luminance as WCAG 2 defines it. */
function luminance([red, green, blue]) {
  const linear = [red, green, blue].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
