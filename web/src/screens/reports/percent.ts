/** A share of 0 to 1 as whole percents; a dash where there is nothing to divide by. */
export function percent(share: number | null | undefined): string {
  return typeof share === 'number' ? `${Math.round(share * 100)} %` : '—';
}
