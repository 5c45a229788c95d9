/** Tells the gate that an answer said: the session has ended. */

type Listener = () => void;

const listeners = new Set<Listener>();

export const sessionEnded = {
  tell() {
    for (const listener of listeners) listener();
  },
  listen(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
