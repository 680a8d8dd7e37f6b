/** The query of lists and watches (meta/v1 ListOptions), checked with Kubernetes' texts. */
import { badRequest, forbiddenField, invalid, invalidObject, notSupported, type FieldError } from '#apimachinery';
import type { RequestInfo } from '../request-info.ts';

/** The options. */
export interface ListOptions {
  /** As given; '' when absent. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
}

function readNumber(info: RequestInfo, name: string): number | undefined {
  const text = info.query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text);
}

const isTrue = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0';

function check(info: RequestInfo, options: ListOptions, isWatch: boolean): void {
  const errors: FieldError[] = [];
  const { resourceVersion, resourceVersionMatch, continueToken } = options;
  if (isWatch && info.query.get('sendInitialEvents') !== null) {
    errors.push(
      forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'),
    );
  } else if (isWatch && resourceVersionMatch) {
    errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  } else if (info.query.get('sendInitialEvents') !== null) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  } else if (resourceVersionMatch) {
    if (!resourceVersion)
      errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (continueToken) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (!['Exact', 'NotOlderThan'].includes(resourceVersionMatch)) {
      errors.push(notSupported('resourceVersionMatch', resourceVersionMatch, ['Exact', 'NotOlderThan', '']));
    } else if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
      errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** Reads the options. Throws 400 and 422. */
export function listOptionsOf(info: RequestInfo, isWatch: boolean): ListOptions {
  const options: ListOptions = {
    resourceVersion: info.query.get('resourceVersion') ?? '',
    resourceVersionMatch: info.query.get('resourceVersionMatch') ?? '',
    limit: Math.max(0, readNumber(info, 'limit') ?? 0),
    continueToken: info.query.get('continue') ?? '',
    timeoutSeconds: readNumber(info, 'timeoutSeconds'),
    allowWatchBookmarks: isTrue(info.query.get('allowWatchBookmarks')),
  };
  check(info, options, isWatch);
  const { resourceVersion } = options;
  if (resourceVersion !== '' && !/^\d+$/.test(resourceVersion)) {
    const error = invalid('resourceVersion', resourceVersion, `strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`);
    throw badRequest(`invalid resource version: ${error.field}: ${error.message}`);
  }
  return options;
}
