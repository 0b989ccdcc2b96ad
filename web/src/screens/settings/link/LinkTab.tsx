import { Checkbox, Group, Radio, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import type { PopLink } from '@/api/types';
import { Section } from '@/parts/Section';
import { Failure, Lines } from '@/parts/States';
import { SaveBar, useDraft } from '@/parts/useDraft';
import { TemplateField, useTemplate } from './TemplateField';

const modes = ['off', 'open', 'post'] as const;
const moments = ['ring', 'answer', 'end'] as const;

/** The link to a foreign CRM: opened in the browser, or posted by the server (PU-10). */
export function LinkTab() {
  const { t } = useTranslation();
  const draft = useDraft<PopLink>({
    queryKey: ['settings', 'pop-link'],
    read: (signal) => send(api.GET('/settings/pop-link', { signal })),
    write: (link) => send(api.PUT('/settings/pop-link', { body: { ...link, template: link.template.trim() } })),
  });
  const { query, value, change } = draft;
  const state = useTemplate(value?.mode === 'post' ? 'post' : 'open', value?.template ?? '');
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!value) return <Lines count={4} />;
  const { mode, template } = value;
  // none means all of them
  const events = value.events?.length ? value.events : [...moments];
  const toggle = (moment: (typeof moments)[number], on: boolean) => change({ events: moments.filter((each) => (each === moment ? on : events.includes(each))) });
  return (
    <Stack maw={760}>
      <Section title={t('pop_link.title')} text={t('pop_link.text')}>
        <Radio.Group label={t('pop_link.mode')} value={mode} onChange={(next) => change({ mode: modes.find((each) => each === next) ?? 'off' })}>
          <Stack gap={8} mt={8}>
            {modes.map((each) => (
              <Radio key={each} value={each} label={t(`pop_link.mode_${each}`)} description={each === 'off' ? undefined : t(`pop_link.mode_${each}_text`)} />
            ))}
          </Stack>
        </Radio.Group>
        {mode === 'post' && (
          <div role="group" aria-label={t('pop_link.events')}>
            <Text size="sm" fw={500} mb={6}>
              {t('pop_link.events')}
            </Text>
            <Group gap="lg">
              {moments.map((moment) => (
                <Checkbox
                  key={moment}
                  label={t(`pop_link.event_${moment}`)}
                  checked={events.includes(moment)}
                  disabled={events.length === 1 && events.includes(moment)}
                  onChange={(event) => toggle(moment, event.currentTarget.checked)}
                />
              ))}
            </Group>
          </div>
        )}
        {mode !== 'off' && <TemplateField label={t('pop_link.template')} mode={mode} state={state} value={template} onChange={(next) => change({ template: next })} />}
        <SaveBar draft={draft} invalid={mode !== 'off' && state.problem !== null} />
      </Section>
    </Stack>
  );
}
