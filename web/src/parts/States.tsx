import { Button, Center, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCloudOff, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from './errors';

interface EmptyProps {
  icon: Icon;
  title: string;
  text?: string;
  children?: ReactNode;
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon: Glyph, title, text, children }: EmptyProps) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw={380} ta="center">
        <ThemeIcon variant="light" color="gray" size={52} radius="50%">
          <Glyph size={26} stroke={1.6} aria-hidden />
        </ThemeIcon>
        <Text fw={600}>{title}</Text>
        {text && (
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        )}
        {children}
      </Stack>
    </Center>
  );
}

/** A request that failed, with a way to try again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const text = useErrorText();
  return (
    <Empty icon={IconCloudOff} title={t('state.failed')} text={text(error)}>
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          {t('action.retry')}
        </Button>
      )}
    </Empty>
  );
}

/** Grey lines while a list loads. */
export function Lines({ count = 5, height = 36 }: { count?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="md" role="status" aria-label={t('state.loading')}>
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={height} radius="sm" />
      ))}
    </Stack>
  );
}
