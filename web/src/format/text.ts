/** Initials for an avatar: «Смирнова Анна» → СА, «ООО «Вектор»» → В. */
export function initials(name: string): string {
  const forms = /^(ООО|ОАО|ЗАО|ПАО|АО|ИП|LLC|LTD|JSC|INC)$/i;
  const words = name
    .replace(/[«»"'“”()]/g, ' ')
    .split(/\s+/)
    .filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const own = words.filter((word) => !forms.test(word));
  const chosen = own.length > 0 ? own : words;
  return chosen
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

const palette = ['blue', 'cyan', 'teal', 'green', 'lime', 'orange', 'pink', 'grape', 'violet', 'indigo'] as const;

/** The same name has the same colour everywhere. */
export function colorOf(name: string): (typeof palette)[number] {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return palette[hash % palette.length] ?? 'blue';
}

/** Does a text typed into search look like a number to dial? */
export function looksLikeNumber(text: string): boolean {
  const trimmed = text.trim();
  if (!/^[+\d][\d\s().\-–]*$/.test(trimmed)) return false;
  const digits = trimmed.replace(/\D/g, '').length;
  return digits >= 2 && digits <= 15;
}

/**
 * A number of ours as the exchange writes it, for reading: 74951000101 →
 * +7 (495) 100-01-01. Numbers of clients come formatted from the server.
 */
export function displayNumber(raw: string): string {
  const match = /^\+?[78](\d{3})(\d{3})(\d{2})(\d{2})$/.exec(raw);
  return match ? `+7 (${match[1]}) ${match[2]}-${match[3]}-${match[4]}` : raw;
}

/** Who may not see numbers gets them as +7 (•••) •••-45-67. */
export function masked(number: string): boolean {
  return number.includes('•');
}

/** «Смирнова Анна Игоревна» → «Смирнова А.», as under a history line. */
export function shortName(name: string): string {
  const [family = '', given] = name.trim().split(/\s+/);
  return given ? `${family} ${[...given][0] ?? ''}.` : family;
}

/** Russian surnames tell the gender: «Свободна», «Ответила». Others read as masculine. */
export function genderOf(name: string): 'female' | undefined {
  const words = name.trim().toLowerCase().split(/\s+/).slice(0, 2);
  return words.some((word) => /(ова|ева|ёва|ина|ына|ская|цкая)$/.test(word)) ? 'female' : undefined;
}
