import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Screen.module.css';

/** A titled card of settings; the text says what they are for. */
export function Section({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <section className={classes.card} aria-label={title}>
      <Title order={2} fz={16} mb={text ? 4 : 'md'}>
        {title}
      </Title>
      {text && (
        <Text size="sm" c="dimmed" mb="md" maw={640}>
          {text}
        </Text>
      )}
      <Stack gap="md">{children}</Stack>
    </section>
  );
}
