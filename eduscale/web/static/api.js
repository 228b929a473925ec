// Talking to the service: everything here is the public HTTP interface, nothing more.

import { eventReader } from './events.js';
import { language, say } from './words.js';

const API = '/api/v1';
const MOST_TRIES = 6;
const POLL_MS = 1000;
const MOST_ROWS = 1000; // more than anybody reads in a browser, few enough to be drawn at once

/** A refusal, with a sentence for the person at the screen. */
export class Refusal extends Error {}

export const listSamples = () => call('GET', '/samples');
export const listDatasets = () => call('GET', `${API}/datasets?limit=1000`);
export const listUploads = (region, limit, cursor) => call('GET',
  `${API}/uploads?${new URLSearchParams({ limit, ...(region && { region }), ...(cursor && { cursor }) })}`);
export const getReceipt = (id) => call('GET', `${API}/uploads/${encodeURIComponent(id)}`);
export const undoUpload = (id) => call('DELETE', `${API}/uploads/${encodeURIComponent(id)}`);
export const getDataset = (name) => call('GET', `${API}/datasets/${encodeURIComponent(name)}`);
export const decide = (id, replaces) =>
  call('PATCH', `${API}/uploads/${encodeURIComponent(id)}`, JSON.stringify({ replaces }));
export const correct = (id, guess, onStep) =>
  told('PATCH', `${API}/uploads/${encodeURIComponent(id)}`, JSON.stringify({ guesses: [guess] }), onStep);
export const forget = (id) => call('DELETE', `${API}/uploads/${encodeURIComponent(id)}/corrections`);
export const runQuery = (sql) => call('POST', `${API}/query`, JSON.stringify({ sql, max_rows: MOST_ROWS }));
export const firstRows = (id, table) =>
  call('GET', `${API}/uploads/${encodeURIComponent(id)}/tables/${table}/rows?limit=20`);
export const exportUrl = (dataset, format) =>
  `${API}/datasets/${encodeURIComponent(dataset)}/export?format=${format}`;
export const rejectsOf = (id) => call('GET', `${API}/uploads/${encodeURIComponent(id)}/rejects?format=json`);
export const rejectsUrl = (id, format) =>
  `${API}/uploads/${encodeURIComponent(id)}/rejects?format=${format}&language=${language()}`;

/** Return an invented file. */
export async function getSample(name) {
  const response = await fetch(`/samples/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Refusal(say('unexpected', { status: response.status }));
  return new File([await response.blob()], name);
}

/** Send one file and return its receipt; `onStep(name, facts)` hears of sending, waiting and the stages of reading. */
export async function sendFile(file, fields, onStep) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  form.append('file', file, file.name);
  const { uploads: [receipt] } = await told('POST', `${API}/uploads`, form, onStep);
  return settled(receipt);
}

const told = (method, url, body, onStep) =>
  patiently(() => streamed(method, url, body, onStep), (seconds) => onStep('busy', { seconds }));

/** Send a form or JSON, and return the answer; `onStep` hears of sending and of the stages that the answer streams. */
function streamed(method, url, body, onStep) {
  const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
  request.open(method, url);
  request.setRequestHeader('Accept-Language', language());
  request.setRequestHeader('Accept', 'text/event-stream');
  if (body instanceof FormData) {
    request.upload.onprogress = ({ loaded, total }) => onStep('sending', { share: total ? loaded / total : 0 });
    request.upload.onload = () => onStep('reading');
  } else request.setRequestHeader('Content-Type', 'application/json');
  let end = null; // the last event: the answer, or why there is none
  const take = eventReader((name, data) => {
    if (name === 'progress') onStep(data.stage, { share: data.fraction });
    else end = data;
  });
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(new Refusal(say('offline')));
    request.onprogress = () => { if (isStream(request)) take(request.responseText); };
    request.onload = () => {
      if (!isStream(request)) {
        resolve({ status: request.status, answer: parsed(request.responseText), retryAfter: request.getResponseHeader('Retry-After') });
        return;
      }
      take(request.responseText);
      if (end) resolve({ status: end.status, answer: end, retryAfter: end.retry_after_s });
      else reject(new Refusal(say('offline'))); // the service went away in the middle
    };
    request.send(body);
  });
}

const isStream = (request) => (request.getResponseHeader('Content-Type') ?? '').startsWith('text/event-stream');

/** A receipt may come while the file is still being read: look again until it is. */
async function settled(receipt) {
  while (receipt.state === 'waiting' || receipt.state === 'reading') {
    await pause(POLL_MS);
    receipt = { ...await getReceipt(receipt.upload_id), duplicate: receipt.duplicate };
  }
  return receipt;
}

async function call(method, url, body) {
  const headers = { 'Accept-Language': language() };
  if (body) headers['Content-Type'] = 'application/json';
  return patiently(async () => {
    let response;
    try {
      response = await fetch(url, { method, headers, body });
    } catch {
      throw new Refusal(say('offline'));
    }
    return { status: response.status, answer: parsed(await response.text()), retryAfter: response.headers.get('Retry-After') };
  });
}

/** Do what `attempt` does, again after the time that a busy service (503) asks for. */
async function patiently(attempt, onWait = () => {}) {
  for (let tries = 1; ; tries += 1) {
    const { status, answer, retryAfter } = await attempt();
    if (status === 503 && retryAfter && tries < MOST_TRIES) {
      const seconds = Math.min(Number(retryAfter) || 5, 30);
      onWait(seconds);
      await pause(seconds * 1000);
      continue;
    }
    if (status < 400 || answer?.uploads) return answer;
    throw new Refusal(answer?.detail ?? answer?.title ?? say('unexpected', { status }));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
