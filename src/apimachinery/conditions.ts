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
export declare function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined | null, type: string): T | undefined;
/** Whether the condition of a type is "True". */
export declare function isConditionTrue(conditions: readonly Condition[] | undefined | null, type: string): boolean;
/** A new list with `condition` put in place of its type; lastTransitionTime is kept unless the status changes, else `nowText`. The same list when nothing changes. */
export declare function setCondition<T extends Condition>(conditions: readonly T[] | undefined | null, condition: T, nowText: string): T[];
