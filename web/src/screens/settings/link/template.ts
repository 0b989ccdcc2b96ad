/** Placeholders of a link's template; the server knows the same (PU-10). */
export const linkFields = [
  'number', 'digits', 'client_id', 'client_name', 'person_name', 'caller_name', 'call_id', 'event', 'direction',
  'did', 'queue', 'pbx', 'user', 'user_id', 'extension',
] as const;

export type LinkField = (typeof linkFields)[number];

export type LinkFault =
  | { code: 'empty' | 'long' | 'brace' | 'address' | 'host' | 'no_host' | 'password' | 'post_scheme' }
  | { code: 'field' | 'scheme'; name: string };

const MAX = 2000;
const FORBIDDEN = ['javascript', 'data', 'vbscript', 'file', 'blob', 'about'];
const PLACE = /\{([^{}]*)\}/g;

/** What is wrong with a template, as the server checks it too; null: nothing. */
export function linkFault(text: string, mode: 'open' | 'post'): LinkFault | null {
  const template = text.trim();
  if (!template) return { code: 'empty' };
  if ([...template].length > MAX) return { code: 'long' };
  for (const [, name = ''] of template.matchAll(PLACE)) {
    if (!linkFields.some((field) => field === name)) return { code: 'field', name };
  }
  if (/[{}]/.test(template.replace(PLACE, ''))) return { code: 'brace' };
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(template)?.[1]?.toLowerCase();
  if (!scheme) return template.startsWith('{') ? { code: 'host' } : { code: 'address' };
  if (FORBIDDEN.includes(scheme)) return { code: 'scheme', name: scheme };
  const authority = /^[^:]+:\/\/([^/?#]*)/.exec(template)?.[1] ?? '';
  if (/[{}]/.test(authority)) return { code: 'host' };
  if (authority.includes('@')) return { code: 'password' };
  const web = scheme === 'http' || scheme === 'https';
  if (web && !authority.replace(/:\d*$/, '')) return { code: 'no_host' };
  if (mode === 'post' && !web) return { code: 'post_scheme' };
  return null;
}

/** The template with a placeholder put in where the cursor stands. */
export function insertField(template: string, field: LinkField, from: number, to: number): string {
  return `${template.slice(0, from)}{${field}}${template.slice(to)}`;
}
