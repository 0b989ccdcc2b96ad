import { Tooltip, UnstyledButton } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import classes from './Workspace.module.css';

interface Props {
  icon: Icon;
  label: string;
  tone?: 'red' | 'green' | 'on';
  disabled?: boolean;
  /** Why the button cannot be pressed, or what it will do. */
  hint?: string;
  pressed?: boolean;
  onClick: () => void;
}

/** A round button of the call. One that cannot be pressed says why. */
export function ActionButton({ icon: Glyph, label, tone, disabled, hint, pressed, onClick }: Props) {
  const button = (
    <UnstyledButton
      className={classes.action}
      // stays reachable by keyboard, so that the reason can be read
      aria-disabled={disabled}
      aria-pressed={pressed}
      data-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    >
      <span className={classes.circle} data-tone={tone}>
        <Glyph size={21} stroke={1.8} aria-hidden />
      </span>
      {label}
    </UnstyledButton>
  );
  return hint ? (
    <Tooltip label={hint} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
      {button}
    </Tooltip>
  ) : (
    button
  );
}
