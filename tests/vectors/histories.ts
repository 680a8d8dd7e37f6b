// Runs kv-history/1 and watch-stream/1: calibrates the checkers that judge the product's own histories.

import { checkLinearizable, register, type Operation, type RegisterAction, type RegisterValue } from '../simulation/linearizability.ts';
import { checkWatch, type WatchEvent, type WatchResponse } from '../simulation/watch-guarantees.ts';
import { asList, asNumber, asObject, asString, onlyFields, type Json, type JsonObject } from './strict.ts';

function readAction(op: JsonObject, where: string): RegisterAction {
  const common = ['client', 'op', 'key', 'call', 'ret', 'out'];
  switch (op['op']) {
    case 'put':
      onlyFields(op, [...common, 'value'], where, ['value']);
      return { op: 'put', value: op['value'] as RegisterValue };
    case 'get':
      onlyFields(op, common, where);
      return { op: 'get', out: op['out'] as RegisterValue };
    case 'cas':
      onlyFields(op, [...common, 'expect', 'value'], where, ['expect', 'value']);
      return { op: 'cas', expect: op['expect'] as RegisterValue, value: op['value'] as RegisterValue, isDone: op['out'] === 'ok' };
    default:
      throw new Error(`${where}: unknown operation "${String(op['op'])}"`);
  }
}

export function runHistory(from: JsonObject): void {
  onlyFields(from, ['id', 'linearizable', 'ops'], 'history', ['id', 'linearizable', 'ops']);
  const operations = asList(from['ops'], 'ops').map((value, i): Operation<RegisterAction> => {
    const op = asObject(value, 'op');
    const where = `operation ${i}`;
    if ((op['ret'] === null) !== (op['out'] === 'unknown')) throw new Error(`${where}: outcome and return do not agree`);
    const ret = op['ret'] === null ? undefined : asNumber(op['ret'], where);
    return { key: asString(op['key'], where), call: asNumber(op['call'], where), ret, action: readAction(op, where) };
  });
  const { verdict, key } = checkLinearizable(operations, register);
  const expected = from['linearizable'] === true ? 'legal' : 'illegal';
  if (verdict !== expected) throw new Error(`${verdict} (key ${String(key)}), expected ${expected}`);
}

function readEvent(value: Json): WatchEvent {
  const event = asObject(value, 'event');
  onlyFields(event, ['rev', 'type', 'key', 'value', 'create'], 'event', ['rev', 'type', 'key']);
  if (event['type'] !== 'put' && event['type'] !== 'delete') throw new Error(`unknown event type "${String(event['type'])}"`);
  return event as unknown as WatchEvent;
}

export function runWatchStream(from: JsonObject): void {
  onlyFields(from, ['id', 'history', 'request', 'stream', 'valid', 'planted'], 'case', ['id', 'history', 'request', 'stream', 'valid']);
  const request = asObject(from['request'], 'request');
  onlyFields(request, ['prefix', 'startRevision'], 'request', ['prefix', 'startRevision']);
  const stream = asList(from['stream'], 'stream').map((value): WatchResponse => {
    const response = asObject(value, 'response');
    onlyFields(response, ['events', 'progress'], 'response');
    if ('progress' in response) return { progress: asNumber(response['progress'], 'progress') };
    return { events: asList(response['events'], 'events').map(readEvent) };
  });
  const found = checkWatch(
    asList(from['history'], 'history').map(readEvent),
    { prefix: asString(request['prefix'], 'prefix'), startRevision: asNumber(request['startRevision'], 'startRevision') },
    stream,
  );
  if ((found === undefined) !== (from['valid'] === true))
    throw new Error(found === undefined ? 'judged valid' : `${found.guarantee}: ${found.text}`);
}
