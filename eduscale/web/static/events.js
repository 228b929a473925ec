// Server-sent events in a growing text, as an XMLHttpRequest that also tells how far its upload is receives them.

/**
 * Return a function that takes all the text received so far, and calls `onEvent(name, data)` for every event in it
 * that is whole and was not there before. Events that are comments only keep the connection open.
 */
export function eventReader(onEvent) {
  let read = 0;
  return (text) => {
    for (let end = text.indexOf('\n\n', read); end >= 0; end = text.indexOf('\n\n', read)) {
      const fields = new Map(text.slice(read, end).split('\n').map((line) => line.split(/: (.*)/s)));
      read = end + 2;
      if (fields.has('data')) onEvent(fields.get('event'), JSON.parse(fields.get('data')));
    }
  };
}
