import { useMediaQuery } from '@mantine/hooks';

/** Is the window as narrow as a telephone's: Mantine's `sm` breakpoint. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
}
