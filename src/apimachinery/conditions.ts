// Conditions in statuses: lists of {type, status, reason, message, lastTransitionTime}.

/** The fields all conditions share. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The condition of a type. */
export function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined | null, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition of a type is "True". */
export function isConditionTrue(conditions: readonly Condition[] | undefined | null, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** A new list with `condition` put in place of its type; lastTransitionTime is kept unless the status changes, else `nowText`. */
export function setCondition<T extends Condition>(conditions: readonly T[] | undefined | null, condition: T, nowText: string): T[] {
  const list = conditions ?? [];
  const old = findCondition(list, condition.type);
  const sameStatus = old !== undefined && old.status === condition.status;
  const lastTransitionTime = sameStatus ? (old.lastTransitionTime ?? nowText) : nowText;
  const next = { ...old, ...condition, lastTransitionTime };
  return old ? list.map((item) => (item === old ? next : item)) : [...list, next];
}
