import { Avatar, Indicator } from '@mantine/core';
import { IconPhone } from '@tabler/icons-react';
import { colorOf, initials } from '@/format/text';

interface Props {
  name: string;
  size?: number;
  /** Mantine colour of the presence dot; none without it. */
  dot?: string;
}

/** Coloured initials, or a handset where only a number is known. Decorative: the name always stands beside it. */
export function Face({ name, size = 36, dot }: Props) {
  const named = /\p{L}/u.test(name);
  const avatar = (
    <Avatar size={size} color={named ? colorOf(name) : 'gray'} radius="50%" aria-hidden styles={{ placeholder: { fontWeight: 600 } }}>
      {named ? initials(name) || '?' : <IconPhone size={Math.round(size * 0.45)} stroke={1.8} />}
    </Avatar>
  );
  if (!dot) return avatar;
  const offset = Math.round(size * 0.14);
  return (
    <Indicator
      inline
      color={dot}
      position="bottom-end"
      size={Math.max(9, Math.round(size / 5.5))}
      offset={offset}
      withBorder
      zIndex={1}
    >
      {avatar}
    </Indicator>
  );
}
