// Asking while a reader goes on choosing: the newest question wins, the older one is stopped, the last answer stays in sight meanwhile.
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { troubleOf, type Told } from "../api/client";

const PATIENCE = 2000; // milliseconds after which a reader is told that it still goes on

export interface Asking<T> {
  answer: ShallowRef<T | null>;
  trouble: ShallowRef<Told | null>;
  isAsking: Ref<boolean>;
  isSlow: Ref<boolean>;
  again: () => void;
}

/** Runs `ask` whenever what `key` gives has changed; a null key asks nothing. */
export function useAsked<K, T>(key: () => K | null, ask: (key: K, signal: AbortSignal) => Promise<T>): Asking<T> {
  const answer = shallowRef<T | null>(null);
  const trouble = shallowRef<Told | null>(null);
  const isAsking = ref(false);
  const isSlow = ref(false);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;

  async function run(wanted: K | null): Promise<void> {
    running?.abort();
    clearTimeout(waiting);
    isSlow.value = false;
    if (wanted === null) {
      answer.value = null;
      isAsking.value = false;
      return;
    }
    const mine = (running = new AbortController());
    isAsking.value = true;
    waiting = setTimeout(() => (isSlow.value = true), PATIENCE);
    try {
      const got = await ask(wanted, mine.signal);
      if (mine === running) {
        answer.value = got;
        trouble.value = null;
      }
    } catch (error) {
      if (mine !== running || mine.signal.aborted) return;
      answer.value = null;
      trouble.value = troubleOf(error);
    } finally {
      if (mine === running) {
        isAsking.value = false;
        isSlow.value = false;
        clearTimeout(waiting);
      }
    }
  }

  watch(() => JSON.stringify(key()), () => void run(key()), { immediate: true });
  onScopeDispose(() => {
    running?.abort();
    clearTimeout(waiting);
  });
  return { answer, trouble, isAsking, isSlow, again: () => void run(key()) };
}
