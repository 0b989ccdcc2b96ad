import { createContext, use } from 'react';

export interface Actions {
  /** Puts an ended call away, in all tabs. */
  dismiss: (id: string) => void;
}

export const ActionsContext = createContext<Actions>({ dismiss: () => undefined });

export function useActions(): Actions {
  return use(ActionsContext);
}
