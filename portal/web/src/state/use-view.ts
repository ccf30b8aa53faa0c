// The address is the state: a page reads its view from the route and changes it by going to another address.
import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import { decode, encode, type Fields } from "./codec";

/** The view of the current address, and a way to change parts of it. A change of a passing kind (typing) replaces the last one. */
export function useView<V extends object>(fields: Fields<V>): { view: ComputedRef<V>; change: (part: Partial<V>, replace?: boolean) => void } {
  const route = useRoute();
  const router = useRouter();
  const view = computed(() => decode(fields, route.query));
  const change = (part: Partial<V>, replace = false): void => {
    const query = encode(fields, { ...view.value, ...part });
    void (replace ? router.replace({ query, hash: route.hash }) : router.push({ query, hash: route.hash }));
  };
  return { view, change };
}
