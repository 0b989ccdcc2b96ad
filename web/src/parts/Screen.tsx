import { Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Screen.module.css';

interface Props {
  title: ReactNode;
  actions?: ReactNode;
  /** Row of filters below the title. */
  filters?: ReactNode;
  /** The child scrolls by itself and fills the height. */
  fill?: boolean;
  children: ReactNode;
}

/** A screen with its title line; the page itself never scrolls. */
export function Screen({ title, actions, filters, fill = false, children }: Props) {
  return (
    <div className={classes.screen} data-fill={fill}>
      <Group justify="space-between" gap="sm" mb="md">
        <Title order={1} fz={20}>
          {title}
        </Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {filters && (
        <Group gap="sm" mb="md">
          {filters}
        </Group>
      )}
      {children}
    </div>
  );
}
