import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { ru } from './ru';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof ru };
  }
}

export type Language = 'ru' | 'en';

const KEPT = 'ringcard.language';

const load: Record<Language, () => Promise<object>> = {
  ru: async () => (await import('./ru')).ru,
  en: async () => (await import('./en')).en,
};

export function asLanguage(value: string | null | undefined): Language | null {
  if (!value) return null;
  return value.toLowerCase().startsWith('ru') ? 'ru' : value.toLowerCase().startsWith('en') ? 'en' : null;
}

/** Language before sign-in: chosen here earlier, then the browser's, then Russian. */
export function firstLanguage(): Language {
  return asLanguage(localStorage.getItem(KEPT)) ?? asLanguage(navigator.language) ?? 'ru';
}

export async function initI18n(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: {},
    fallbackLng: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await switchLanguage(language);
}

/** Loads a language and switches the whole page to it. */
export async function switchLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await load[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}

