import { Badge, Code, Group, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { api, send } from '@/api/client';
import { isCode } from '@/api/error';
import { useErrorText } from '@/parts/errors';
import { insertField, linkFault, linkFields, type LinkField } from './template';

interface Props {
  label: string;
  description?: string;
  mode: 'open' | 'post';
  value: string;
  onChange: (template: string) => void;
  /** An empty field is not wrong. */
  optional?: boolean;
}

/** The template of a link, the fields it may use, and what an example call makes of it. */
export function TemplateField({ label, description, mode, value, onChange, optional = false }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const input = useRef<HTMLInputElement>(null);
  const blank = !value.trim();
  const fault = optional && blank ? null : linkFault(value, mode);
  const [template] = useDebouncedValue(value.trim(), 300);
  const preview = useQuery({
    queryKey: ['pop-link', 'preview', mode, template],
    queryFn: ({ signal }) => send(api.POST('/settings/pop-link/preview', { body: { mode, template }, signal })),
    enabled: template !== '' && linkFault(template, mode) === null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  // after the checks above the server refuses only hosts that it may not post to
  const refused = mode === 'post' && isCode(preview.error, 'invalid');
  const problem = fault
    ? t(`pop_link.fault.${fault.code}`, 'name' in fault ? { name: fault.code === 'field' ? `{${fault.name}}` : fault.name } : {})
    : refused
      ? t('pop_link.fault.not_allowed')
      : preview.error && errorText(preview.error);
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
        description={description}
        placeholder="https://crm.example.org/call?phone={number}"
        maxLength={2000}
        spellCheck={false}
        autoComplete="off"
        error={problem && (!blank || refused) ? problem : undefined}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Group gap={6} mt="xs" role="group" aria-label={t('pop_link.fields')}>
        {linkFields.map((field) => (
          <Tooltip key={field} label={t(`pop_link.field.${field}`)}>
            <UnstyledButton aria-label={t('pop_link.insert', { field, what: t(`pop_link.field.${field}`) })} onClick={() => insert(field)}>
              <Badge variant="default" size="md" fw={500} style={{ cursor: 'pointer' }}>
                {`{${field}}`}
              </Badge>
            </UnstyledButton>
          </Tooltip>
        ))}
      </Group>
      {!blank && !problem && preview.data && (
        <div role="status">
          <Text size="sm" fw={500} mt="md" mb={4}>
            {t(mode === 'open' ? 'pop_link.preview_open' : 'pop_link.preview_post')}
          </Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {mode === 'open' ? preview.data.url : `POST ${preview.data.url}\nContent-Type: application/json\n\n${JSON.stringify(preview.data.example, null, 2)}`}
          </Code>
          {mode === 'open' && (
            <Text component="a" size="sm" mt={6} display="inline-block" href={preview.data.url} target="_blank" rel="noopener noreferrer" c="var(--mantine-primary-color-filled)">
              {t('pop_link.try')}
            </Text>
          )}
        </div>
      )}
    </div>
  );
}
