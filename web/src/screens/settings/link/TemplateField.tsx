import { Badge, Code, Group, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import { useErrorText } from '@/parts/errors';
import { insertField, linkFault, linkFields, type LinkField } from './template';

/** What is wrong with a template, in words, and what an example call makes of it. */
export function useTemplate(mode: 'open' | 'post', value: string, optional = false) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [template] = useDebouncedValue(value.trim(), 300);
  const fault = optional && !value.trim() ? null : linkFault(value, mode);
  const preview = useQuery({
    queryKey: ['pop-link', 'preview', mode, template],
    queryFn: ({ signal }) => send(api.POST('/settings/pop-link/preview', { body: { mode, template }, signal })),
    enabled: template !== '' && linkFault(template, mode) === null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  let problem: string | null = null;
  if (fault) problem = t(`pop_link.fault.${fault.code}`, 'name' in fault ? { name: fault.code === 'field' ? `{${fault.name}}` : fault.name } : {});
  // after the checks above the server refuses only hosts that it may not post to
  else if (mode === 'post' && isCode(preview.error, 'invalid')) problem = t('pop_link.fault.not_allowed');
  else if (preview.error) problem = errorText(preview.error);
  return { problem, preview: preview.data };
}

interface Props {
  label: string;
  mode: 'open' | 'post';
  value: string;
  state: ReturnType<typeof useTemplate>;
  onChange: (template: string) => void;
}

/** The template of a link, the fields it may use, and its preview. */
export function TemplateField({ label, mode, value, state, onChange }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const { problem, preview } = state;
  const blank = !value.trim();
  const insert = (field: LinkField) => {
    const box = input.current;
    const from = box?.selectionStart ?? value.length;
    onChange(insertField(value, field, from, box?.selectionEnd ?? from));
    const after = from + field.length + 2;
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(after, after);
    });
  };
  return (
    <div>
      <TextInput
        ref={input}
        label={label}
        placeholder="https://crm.example.org/call?phone={number}"
        maxLength={2000}
        spellCheck={false}
        autoComplete="off"
        error={blank ? undefined : problem}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Group gap={6} mt="xs" role="group" aria-label={t('pop_link.fields')}>
        {linkFields.map((field) => (
          <Tooltip key={field} position="bottom" label={t(`pop_link.field.${field}`)}>
            <UnstyledButton aria-label={t('pop_link.insert', { field, what: t(`pop_link.field.${field}`) })} onClick={() => insert(field)}>
              <Badge variant="default" size="md" fw={500} style={{ cursor: 'pointer' }}>
                {`{${field}}`}
              </Badge>
            </UnstyledButton>
          </Tooltip>
        ))}
      </Group>
      {!blank && !problem && preview && (
        <div role="status">
          <Text size="sm" fw={500} mt="md" mb={4}>
            {t(mode === 'open' ? 'pop_link.preview_open' : 'pop_link.preview_post')}
          </Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {mode === 'open' ? preview.url : `POST ${preview.url}\nContent-Type: application/json\n\n${JSON.stringify(preview.example, null, 2)}`}
          </Code>
          {mode === 'open' && (
            <Text component="a" size="sm" mt={6} display="inline-block" href={preview.url} target="_blank" rel="noopener noreferrer" c="var(--mantine-primary-color-filled)">
              {t('pop_link.try')}
            </Text>
          )}
        </div>
      )}
    </div>
  );
}
