/** The output formats of etcdctl by the name `-w` takes. */
import { CommandError, EXIT } from '../command.ts';
import { fieldsPrinter } from './fields.ts';
import { jsonPrinter } from './json.ts';
import type { Printer } from './printer.ts';
import { simplePrinter } from './simple.ts';
import { tablePrinter } from './table.ts';

export { humanBytes, type DatabaseStatus, type EndpointHash, type EndpointHealth, type EndpointStatus, type Printer } from './printer.ts';

/** The printer of a format. Throws CommandError for an unknown one. */
export function printerOf(format: string, isHex: boolean): Printer {
  switch (format) {
    case 'simple':
      return simplePrinter(isHex);
    case 'json':
      return jsonPrinter();
    case 'fields':
      return fieldsPrinter();
    case 'table':
      return tablePrinter();
    default:
      throw new CommandError('unsupported output format', EXIT.badFeature);
  }
}
