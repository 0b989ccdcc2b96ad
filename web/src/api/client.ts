import createClient from 'openapi-fetch';
import { ApiError } from './error';
import type { paths } from './schema';

export const api = createClient<paths>({ baseUrl: '/api/v1' });

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Calls the listener when the server says that the session has ended. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Turns an answer of the client into its data or a thrown ApiError. No answer
 * at all becomes code `network`.
 */
export async function send<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, { code: 'network' });
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  const problem = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const refused = new ApiError(response.status, problem);
  if (refused.status === 401 && !response.url.endsWith('/login')) {
    signedOut.forEach((listener) => listener());
  }
  throw refused;
}
