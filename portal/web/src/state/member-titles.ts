// Addresses hold keys of members; people read their names. Each dimension is fetched once.
import { reactive } from "vue";
import { members } from "../api/client";
import type { Member } from "../api/types";

const MOST = 500;
const known = reactive(new Map<string, Map<string, Member>>());
const coming = new Map<string, Promise<void>>();

async function fetchMembers(dimension: string): Promise<void> {
  const found = new Map<string, Member>();
  try {
    for (let offset = 0; ; offset += MOST) {
      const page = await members(dimension, { limit: MOST, offset });
      for (const member of page.members) found.set(member.key, member);
      if (offset + MOST >= page.count || !page.members.length) break;
    }
  } catch {
    // a key then stands for itself
  }
  known.set(dimension, found);
}

/** Ask for the members of a dimension, if nobody has. */
export function wantMembers(dimension: string): void {
  if (dimension && !coming.has(dimension)) coming.set(dimension, fetchMembers(dimension));
}

/** The members of a dimension; empty until they have come. */
export function membersIn(dimension: string): ReadonlyMap<string, Member> {
  return known.get(dimension) ?? new Map<string, Member>();
}

/** A member's name, or its key until that is known. */
export function memberTitle(dimension: string, key: string): string {
  return membersIn(dimension).get(key)?.title ?? key;
}
