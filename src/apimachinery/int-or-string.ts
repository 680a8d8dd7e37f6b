// IntOrString (ports, maxUnavailable): a JSON number or a text.

/** A number or a text such as "25%" or a port's name. */
export type IntOrString = number | string;

/** The number a number or percentage stands for of a total; percentages are rounded up or down. Throws an Error with Kubernetes' text for other texts. */
export function scaledValue(value: IntOrString, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  if (!value.endsWith('%')) throw new Error(`invalid value for IntOrString: invalid type: string is not a percentage`);
  const digits = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(digits)) {
    throw new Error(`invalid value for IntOrString: invalid value "${value}": strconv.Atoi: parsing "${digits}": invalid syntax`);
  }
  const exact = (Number(digits) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** Whether a text is a percentage (digits and %). */
export function isPercent(value: IntOrString): boolean {
  return typeof value === 'string' && /^[0-9]+%$/.test(value);
}
