/** One wrong field of a refused request; location is as `body.name`. */
export interface FieldError {
  message: string;
  location: string;
}

/** A refused request (RFC 9457) or one that never reached the server. */
export class ApiError extends Error {
  readonly status: number;
  /** Stable code of the server, or `network` when there was no answer. */
  readonly code: string;
  readonly fields: FieldError[];
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    super(typeof body.detail === 'string' ? body.detail : '');
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
    this.code = typeof body.code === 'string' ? body.code : codeOf(status);
    this.fields = Array.isArray(body.errors) ? body.errors.flatMap(fieldError) : [];
  }
}

function fieldError(value: unknown): FieldError[] {
  if (typeof value !== 'object' || value === null) return [];
  const { message, location } = value as Record<string, unknown>;
  return [
    {
      message: typeof message === 'string' ? message : '',
      location: typeof location === 'string' ? location : '',
    },
  ];
}

function codeOf(status: number): string {
  switch (status) {
    case 0:
      return 'network';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 409:
      return 'conflict';
    case 422:
      return 'invalid';
    case 429:
      return 'too_many';
    case 503:
      return 'unavailable';
    default:
      return 'unknown';
  }
}

export function isCode(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.code);
}
