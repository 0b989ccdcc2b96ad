import { Avatar, Indicator } from '@mantine/core';
import { colorOf, initials } from '@/format/text';

interface Props {
  name: string;
  size?: number;
  radius?: string;
  /** Mantine colour of the presence dot; none without it. */
  dot?: string;
}

/** Coloured initials. Decorative: the name always stands beside it. */
export function Face({ name, size = 36, dot }: Props) {
  const avatar = (
    <Avatar size={size} color={colorOf(name)} radius="50%" aria-hidden styles={{ placeholder: { fontWeight: 600 } }}>
      {initials(name) || '?'}
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
