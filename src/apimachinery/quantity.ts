// Quantities (k8s.io/apimachinery resource.Quantity): exact fixed-point numbers with a suffix: 100m, 1Gi, 1.5, 2e3.
/** How a quantity prints. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
/** An exact quantity: nanos / 1e9, as Kubernetes keeps at most nine decimals (rounded up). */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}
/** Reads a quantity (a JSON number is allowed). Throws an Error with Kubernetes' text ("quantities must match the regular expression …"). */
export declare function parseQuantity(text: string | number): Quantity;
/** parseQuantity that answers undefined instead of throwing. */
export declare function maybeParseQuantity(text: unknown): Quantity | undefined;
/** The canonical text: 1500m, 1536Mi, 0. */
export declare function formatQuantity(quantity: Quantity): string;
/** The canonical text of a quantity's text ("1000m" → "1"). Throws as parseQuantity. */
export declare function canonicalQuantity(text: string | number): string;
/** -1, 0 or 1. */
export declare function compareQuantity(a: Quantity, b: Quantity): number;
/** Sum; the format is that of `a` unless it is zero. */
export declare function addQuantity(a: Quantity, b: Quantity): Quantity;
/** Difference. */
export declare function subtractQuantity(a: Quantity, b: Quantity): Quantity;
/** Thousandths, rounded up (CPU "250m" → 250). */
export declare function milliValue(quantity: Quantity | string | number): number;
/** Whole units, rounded up (bytes of memory "1Ki" → 1024). */
export declare function quantityValue(quantity: Quantity | string | number): number;
/** A quantity of whole units. */
export declare function quantityFromUnits(units: number | bigint, format?: QuantityFormat): Quantity;
/** A quantity of thousandths. */
export declare function quantityFromMillis(millis: number | bigint, format?: QuantityFormat): Quantity;
/** The zero of DecimalSI. */
export declare const zeroQuantity: Quantity;
