import { Badge, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PersonRef } from '@/api/types';
import { Face } from './Face';
import { NumberLink } from './NumberLink';
import { reach } from './reach';

/** A contact person with numbers to call and e-mails to write to. */
export function PersonLine({ person, clientId, children }: { person: PersonRef; clientId: number; children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Group wrap="nowrap" align="flex-start" gap="sm" py={6}>
      <Face name={person.name} size={36} />
      <div style={{ minWidth: 0, flex: 1 }}>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {person.name}
          </Text>
          {person.is_primary && <Badge size="sm">{t('person.primary')}</Badge>}
        </Group>
        {person.position && (
          <Text size="xs" c="dimmed">
            {person.position}
          </Text>
        )}
        <Group gap="md" mt={2}>
          {(person.phones ?? []).map((phone) => (
            <Text size="sm" component="span" key={phone.id}>
              <NumberLink
                reach={reach(phone, { phone_id: phone.id })}
                display={phone.display}
                clientId={clientId}
                personId={person.person_id}
                name={person.name}
              />
            </Text>
          ))}
          {(person.emails ?? []).map((email) => (
            <a key={email.id} href={`mailto:${email.email}`} className="plain-link" style={{ fontSize: 14 }}>
              {email.email}
            </a>
          ))}
        </Group>
      </div>
      {children}
    </Group>
  );
}
