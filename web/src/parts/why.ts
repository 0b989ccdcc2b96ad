import type { TFunction } from 'i18next';

type Params = Record<string, string> | undefined;

/** Parameters whose values are words of the server, by name. */
const words: Record<string, (t: TFunction, value: string) => string> = {
  direction: (t, value) => t(`direction.${value}` as 'direction.in', { defaultValue: value }),
  kind: (t, value) => t(`why.kind.${value}` as 'why.kind.external', { defaultValue: value }),
  by: (t, value) => t(`why.by.${value}` as 'why.by.client', { defaultValue: value }),
  reason: (t, value) => t(`why.reason.${value}` as 'why.reason.person', { defaultValue: value }),
  action: (t, value) => t(`control.${value}` as 'control.hold', { defaultValue: value }),
  disposition: (t, value) => t(`why.disposition.${value}` as 'why.disposition.busy', { defaultValue: value }),
};

function filled(t: TFunction, params: Params): Record<string, string> {
  return Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, words[name]?.(t, value) ?? value]));
}

/** A decision in the user's language; one that a newer server knows stays as it came. */
export function stepText(t: TFunction, step: { code: string; params?: Params; text?: string; step: string }): string {
  return t(`why.step.${step.code}` as 'why.step.hangup', { ...filled(t, step.params), defaultValue: step.text || step.step });
}

/** Why somebody got the call on his screen, or did not. */
export function recipientText(t: TFunction, each: { code: string; params?: Params; reason?: string }): string {
  return t(`why.recipient.${each.code}` as 'why.recipient.placed', { ...filled(t, each.params), defaultValue: each.reason || each.code });
}
