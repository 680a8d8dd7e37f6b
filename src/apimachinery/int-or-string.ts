// IntOrString (ports, maxUnavailable): a JSON number or a text.
/** A number or a text such as "25%" or a port's name. */
export type IntOrString = number | string;
/** The number a number or percentage stands for of a total; percentages are rounded up or down. Throws an Error with Kubernetes' text for other texts. */
export declare function scaledValue(value: IntOrString, total: number, roundUp: boolean): number;
/** Whether a text is a percentage (digits and %). */
export declare function isPercent(value: IntOrString): boolean;
