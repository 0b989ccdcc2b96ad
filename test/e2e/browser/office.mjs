// The office behind the page: the Go test that started this process moves its
// telephones and callers over HTTP.
const control = process.env.CONTROL;

async function order(path, body = {}) {
  const res = await fetch(control + path, { method: 'POST', body: JSON.stringify(body) });
  const text = await res.text();
  if (!res.ok) throw new Error(`${path}: ${text}`);
  return text;
}

/** How a telephone behaves: answers after ms, never (-1), or refuses with a SIP status. */
export const phone = (extension, behaviour) => order('/phone', { extension, ...behaviour });

/** How a number of the world behaves when it is called. */
export const outside = (number, behaviour) => order('/outside', { number, ...behaviour });

/** A call comes in; hangup ends it from the caller's side. */
export async function call(from, did, name = '') {
  const id = await order('/call', { from, did, name });
  return { hangup: () => order('/hangup', { id }) };
}
