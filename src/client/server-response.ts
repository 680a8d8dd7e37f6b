/** What a failed answer means: its Status body, or the generic error client-go makes where the body is none (newGenericServerResponse). */
import { failure, isStatus, StatusError, type StatusReason } from '#apimachinery';

const GENERIC: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', ''],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', ''],
  409: ['Conflict', 'the server reported a conflict'],
  410: ['Gone', 'the server has removed this resource version'],
  415: ['UnsupportedMediaType', 'the server was unable to respond with a content type that the client supports'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
};

/** The error of an answer with status 400 and up. */
export function statusErrorOf(code: number, text: string, method: string, path: string): StatusError {
  const body = maybeJson(text);
  if (isStatus(body)) return new StatusError(body);
  const [reason, generic] =
    GENERIC[code] ??
    (code >= 500
      ? ([
          'InternalError',
          `an error on the server ("${text.slice(0, 2048).trim() || 'unknown'}") has prevented the request from succeeding`,
        ] as const)
      : (['', `the server responded with the status code ${code} but did not return more information`] as const));
  const resource = requestedResource(path);
  const message = generic || `unknown`;
  const details = { causes: [{ reason: 'UnexpectedServerResponse', message: text.slice(0, 2048) || 'unknown' }] };
  return failure(code, reason, resource && code !== 401 ? `${message} (${method.toLowerCase()} ${resource})` : message, details);
}

/** What a path is about, as client-go says it: "pods web", "operators.stable.example.com"; '' for other paths. */
function requestedResource(path: string): string {
  const match = /^\/(?:api\/[^/]+|apis\/([^/]+)\/[^/]+)\/(?:namespaces\/[^/]+\/(?=.))?([^/?]+)(?:\/([^/?]+))?/.exec(path);
  if (!match) return '';
  const [, group, resource = '', name] = match;
  return `${group ? `${resource}.${group}` : resource}${name ? ` ${name}` : ''}`;
}

function maybeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a body that is no JSON is described by its text
  }
}
