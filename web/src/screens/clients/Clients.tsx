import { useParam } from '@/parts/useParam';
import { ClientList } from './ClientList';
import { Groups } from './Groups';

/** «Клиенты» opens with the groups (GR-01); a group, a search or a filter opens the list. */
export function Clients() {
  const { params } = useParam();
  return params.has('group') || params.has('q') || params.has('responsible') ? <ClientList /> : <Groups />;
}
