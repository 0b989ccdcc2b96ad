import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconPhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useCan } from '@/app/session';
import classes from './NumberLink.module.css';
import { useDial, type Target } from './useDial';

/** A number that calls when clicked; plain text without the right to call. */
export function NumberLink(target: Target) {
  const { t } = useTranslation();
  const can = useCan();
  const { dial } = useDial();
  const { display } = target;
  if (!can('calls.dial')) return <span>{display}</span>;
  return (
    <UnstyledButton
      className={classes.link}
      aria-label={t('call.dial_number', { number: display })}
      onClick={(event) => {
        event.stopPropagation();
        dial(target);
      }}
    >
      <span>{display}</span>
      <IconPhone size={14} aria-hidden className={classes.icon} />
    </UnstyledButton>
  );
}

/** Round button with a handset for list rows. */
export function DialIcon(target: Target) {
  const { t } = useTranslation();
  const can = useCan();
  const { dial } = useDial();
  const { display } = target;
  if (!can('calls.dial')) return null;
  const label = t('call.dial_number', { number: display });
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="light"
        color="teal"
        radius="xl"
        aria-label={label}
        onClick={(event) => {
          event.stopPropagation();
          dial(target);
        }}
      >
        <IconPhone size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
