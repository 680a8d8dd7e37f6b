// kubectl's JSONPath templates: {.items[*].metadata.name}, {range}…{end}, filters, recursion, slices, unions.
/** A parsed template. */
export interface JsonPath {
  /** The printed text. Throws an Error with kubectl's text ("x is not found") unless missing keys are allowed. */
  execute(data: unknown, options?: { allowMissingKeys?: boolean }): string;
  /** The values each top-level {…} finds, in order. */
  find(data: unknown, options?: { allowMissingKeys?: boolean }): unknown[][];
}
/** Reads a template. Throws an Error with kubectl's text ("unclosed action" …). */
export declare function parseJsonPath(template: string): JsonPath;
/** What custom-columns and --sort-by allow: "metadata.name", ".metadata.name", "{.metadata.name}" → "{.metadata.name}". Throws an Error with kubectl's text. */
export declare function relaxedJsonPath(expression: string): string;
